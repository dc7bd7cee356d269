import numpy as np
import pytest

from core.datasets.batches import Batches
from core.evaluation.balance import balance_weights


def batches(seed: int | None) -> Batches:
    pixels = np.arange(20, dtype=np.uint8)[:, None, None, None].repeat(3, axis=3)
    targets = np.arange(20, dtype=np.float32)[:, None]
    weights = np.linspace(0, 1, 20, dtype=np.float32)
    return Batches(pixels, targets, weights, np.arange(3, 16), 5, seed)


def seen(source: Batches) -> list[int]:
    return [int(target) for i in range(len(source)) for target in source[i][1][:, 0]]


def test_every_row_of_the_part_once_with_its_own_target_and_weight() -> None:
    source = batches(seed=1)
    assert len(source) == 3
    assert sorted(seen(source)) == list(range(3, 16))
    pixels, targets, weights = source[2]
    assert pixels.dtype == np.uint8
    assert pixels[:, 0, 0, 0].tolist() == targets[:, 0].tolist()
    np.testing.assert_allclose(weights, targets[:, 0] / 19, rtol=1e-6)


def test_order_is_kept_without_a_seed() -> None:
    assert seen(batches(seed=None)) == list(range(3, 16))


def test_each_epoch_is_shuffled_anew_and_the_same_by_seed() -> None:
    one, two = batches(seed=1), batches(seed=1)
    first = seen(one)
    one.set_epoch(1)
    assert seen(one) != first
    two.set_epoch(5)
    two.set_epoch(1)
    assert seen(two) == seen(one)
    assert seen(batches(seed=2)) != first


def test_sampling_draws_in_proportion_to_the_weights_anew_each_epoch() -> None:
    labels = np.array([0] * 90 + [1] * 10 + [0] * 20)
    patients = np.array((["a"] * 60 + ["b"] * 30 + ["a"] * 5 + ["c"] * 5) + ["d"] * 20, object)
    rows = np.arange(100)
    weights = np.zeros(120, np.float32)
    weights[rows] = balance_weights(labels[rows], patients[rows], "patient")
    pixels = np.zeros((120, 1, 1, 3), np.uint8)
    targets = np.arange(120, dtype=np.float32)[:, None]

    def source(seed: int) -> Batches:
        return Batches(pixels, targets, weights, rows, 32, seed, sampling=True)

    one, drawn = source(4), []
    for number in range(200):
        one.set_epoch(number)
        epoch = seen(one)
        assert len(epoch) == len(rows)
        drawn += epoch
    # Half of what is drawn is of each class, half of a class of each patient in it.
    groups = [f"{labels[row]}{patients[row]}" for row in drawn]
    for group in ("0a", "0b", "1a", "1c"):
        assert groups.count(group) / len(groups) == pytest.approx(0.25, abs=0.02)
    assert len(set(groups)) == 4
    assert all((one[index][2] == 1).all() for index in range(len(one)))
    assert seen(source(4)) == drawn[:100]
    assert seen(source(5)) != drawn[:100]


def test_of_several_views_each_epoch_draws_one_and_validation_takes_the_first() -> None:
    features = (np.arange(20)[:, None] * 10 + np.arange(4)).astype(np.float16)[..., None]
    targets = np.arange(20, dtype=np.float32)[:, None]
    weights = np.ones(20, np.float32)

    def drawn(seed: int | None, epoch: int) -> dict[int, int]:
        source = Batches(features, targets, weights, np.arange(20), 6, seed, views=True)
        source.set_epoch(epoch)
        values = [int(value) for i in range(len(source)) for value in source[i][0][:, 0]]
        assert sorted(value // 10 for value in values) == list(range(20))
        assert [value // 10 for i in range(len(source)) for value in source[i][0][:, 0]] == [
            target for i in range(len(source)) for target in source[i][1][:, 0]
        ]
        return {value // 10: value % 10 for value in values}

    assert set(drawn(None, 0).values()) == {0}
    assert set(drawn(1, 0).values()) == {0, 1, 2, 3}
    assert drawn(1, 0) == drawn(1, 0)
    assert drawn(1, 0) != drawn(1, 1)
