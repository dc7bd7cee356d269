"""Tasks of a sweep and of slides cost what their measured parts add up to."""

import numpy as np
import pytest

from benchmarks.parts import cluster_tasks as known
from benchmarks.parts.cluster import SimulatedCluster, SimulatedTask, simulate
from benchmarks.parts.cluster_measured import Measured, SlideTimes
from benchmarks.parts.cluster_tables import duration, lower_bounds, slowest_first, takes_over


@pytest.fixture
def measured() -> Measured:
    steps = {"cancernet": [0.03], "cnn4": [0.05], "mobilenetv2": [0.01, 0.02]}
    slide = SlideTimes(
        finding=0.001, reading=0.002, answering=0.02, finest=0.05, share_read=0.01, tiles=600
    )
    return Measured({50: 0.0005, 96: 0.0005}, steps, 0.04, 0.0001, 0.2, slide)


def test_a_gpu_takes_what_it_is_worth_in_cores_but_never_less_than_to_launch(
    measured: Measured,
) -> None:
    assert known.gpu_ratio(measured) == pytest.approx(1602 * 0.2)
    assert known.on_gpu(measured, 1.0, 32) == pytest.approx(32 / 320.4)
    assert known.on_gpu(measured, 0.001, 32, passes=3) == pytest.approx(3 * 0.00526)


def test_a_sweep_has_a_task_for_each_fold_and_one_for_a_probe(measured: Measured) -> None:
    tasks = known.sweep_tasks(measured, gpu=False)
    assert len(tasks) == 3 * 6 * 3 * 5 + 6 * 3
    # CancerNet at most: ten epochs, three fifths learnt from, one answered at a third of a step.
    most = 10 * 277_524 * (3 / 5 + 1 / 15) * 0.03
    fits = [task.seconds for task in tasks[:90]]
    assert max(fits) <= most * (1 + 1e-9)
    assert np.median(fits) == pytest.approx(0.6 * most, rel=0.1)
    # A probe: five passes, sixteen fits of three views.
    assert tasks[-1].seconds == pytest.approx(277_524 * (5 * 0.04 + 16 * 3 * 0.0001))


def test_the_slowest_recipe_goes_first() -> None:
    parts = [[SimulatedTask(seconds)] * count for seconds, count in ((1, 90), (3, 90), (2, 18))]
    ordered = slowest_first([task for part in parts for task in part])
    assert [task.seconds for task in ordered] == [3] * 90 + [2] * 18 + [1] * 90


def test_slides_have_the_tissue_that_is_published(measured: Measured) -> None:
    tissue = known.TISSUE_MM2
    assert tissue == pytest.approx(124.4, abs=0.1)
    assert known.tiles_of(100, fine=False) == pytest.approx(10_000)
    assert known.tiles_of(120, fine=False) == pytest.approx(12_000)
    assert known.tiles_of(500, fine=False) == pytest.approx(12_500)  # side by side
    tasks = known.slide_tasks(measured, gpu=True, fine=True)
    assert len(tasks) == 10_000
    total = sum(task.reads_gb for task in tasks)
    assert total == pytest.approx(10_000 * 3000 / 1399, rel=0.03)
    coarse = known.slide_tasks(measured, gpu=True)
    assert sum(task.reads_gb for task in coarse) == pytest.approx(0.01 * total)


def test_bounds_by_hand_and_no_simulation_beats_them() -> None:
    cluster = SimulatedCluster(
        2, 2, cores=4, readers=2, storage_gb_s=0.5, link_gb_s=1, data_gb=3, start_seconds=1
    )
    tasks = [SimulatedTask(2, 1, 6, 0.1)] * 7 + [SimulatedTask(9, 2, 1, 0.1)]
    bounds = lower_bounds(tasks, cluster)
    assert bounds == pytest.approx(
        {
            "work ÷ workers": 1 + (14 + 9) / 4,
            "with reading": 1 + (21 + 9) / 4,
            "longest task": 1 + 9,
            "storage": 9 / 0.5,
            "cores": 43 / 8,
            "head's link": 6 + 0.8,
        }
    )
    assert simulate(tasks, cluster).seconds >= max(bounds.values())
    assert takes_over(tasks, cluster) == {"the longest task": 30 / 9, "the storage": 30 / 18}


@pytest.mark.parametrize("seed", range(5))
def test_one_slot_without_neighbours_meets_its_bound(seed: int) -> None:
    random = np.random.default_rng(seed)
    tasks = [SimulatedTask(*random.uniform(0.1, 5, 3)) for _ in range(20)]
    cluster = SimulatedCluster(1, 1, cores=8, readers=2, storage_gb_s=2)
    expected = sum(max(each.seconds, each.core_seconds / 2, each.reads_gb / 2) for each in tasks)
    assert simulate(tasks, cluster).seconds == pytest.approx(expected)


@pytest.mark.parametrize(
    ("seconds", "words"), [(45, "45 s"), (119, "119 s"), (1080, "18 min"), (8100, "2.2 h")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words
