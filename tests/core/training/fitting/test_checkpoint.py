"""A fit that is interrupted and goes on ends as one that was not."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core import atomic
from core.errors import Stopped, TrainingError
from core.training.fitting import checkpoint
from core.training.fitting.checkpoint import Key, State, load_state, save_state, state_key
from core.training.fitting.progress import Progress
from core.training.request.recipe import Recipe
from core.training.watch import Watch
from tests.core.training.small_fits import (
    CLOCK,
    CONTRARY,
    LABELS,
    PATIENTS,
    PIXELS,
    SPLIT,
    fit,
    network,
    recipe,
)
from tests.each_time import each_time


class Killed(BaseException):
    """Stands for the end of the process."""


class Interrupted(Watch):
    """Dies within an epoch, or right after it was told of one and before its state is written."""

    def __init__(self, folder: Path | None, epoch: int = 0, *, at_its_end: bool = False) -> None:
        self.checkpoints = folder
        self.rows: list[dict[str, float | str]] = []
        self._epoch, self._at_its_end = epoch, at_its_end

    def step(self, values: dict[str, float]) -> None:
        if not self._at_its_end and values["epoch"] == self._epoch and values["step"] > 1:
            raise Killed

    def epoch(self, row: dict[str, float | str]) -> None:
        self.rows.append(row)
        if self._at_its_end and row["epoch"] == self._epoch:
            raise Killed


TWO_PHASES: dict[str, Any] = {
    "train": {"epochs": 2, "frozen_base": True},
    "fine_tune": {"epochs": 3, "layers": 1, "learning_rate": 0.001},
}
WAYS: dict[str, tuple[Recipe, int]] = {
    "constant": (recipe({"sampling": True}), 3),
    "cosine": (recipe({"schedule": "cosine", "warm_up_epochs": 1, "optimiser": "adamw"}), 3),
    "plateau": (recipe({"schedule": "plateau", "learning_rate": 0.05, "epochs": 9}), 5),
    "between the phases": (recipe(**TWO_PHASES), 3),
    "fine-tuning": (recipe(**TWO_PHASES), 5),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", each_time({"cosine"}, WAYS))
def test_a_resumed_fit_equals_one_that_was_not_interrupted(way: str, tmp_path: Path) -> None:
    chosen, epoch = WAYS[way]
    labels = CONTRARY if way == "plateau" else LABELS
    whole_network = network()
    whole = fit(whole_network, chosen, labels=labels)
    with pytest.raises(Killed):
        fit(network(), chosen, Interrupted(tmp_path, epoch), labels=labels)
    resumed_network, watch = network(), Interrupted(tmp_path)
    resumed = fit(resumed_network, chosen, watch, labels=labels)
    assert watch.rows[0]["epoch"] == epoch
    pd.testing.assert_frame_equal(
        resumed.drop(columns=CLOCK), whole.drop(columns=CLOCK), check_exact=True
    )
    for one, other in zip(resumed_network.get_weights(), whole_network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    if way == "plateau":
        assert 0.025 in whole["learning_rate"].tolist()
    # What has ended is not trained again.
    again = fit(network(), chosen, watch, labels=labels)
    pd.testing.assert_frame_equal(again, resumed)
    assert watch.rows[-1]["epoch"] == len(whole)


@pytest.mark.slow
def test_one_that_dies_before_its_state_is_written_repeats_that_epoch(tmp_path: Path) -> None:
    chosen = recipe({"epochs": 2})
    with pytest.raises(Killed):
        fit(network(), chosen, Interrupted(tmp_path, 2, at_its_end=True))
    watch = Interrupted(tmp_path)
    resumed = fit(network(), chosen, watch)
    assert [row["epoch"] for row in watch.rows] == [2]
    assert resumed["epoch"].tolist() == [1, 2]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_damaged_state_is_passed_over_for_the_one_before(tmp_path: Path) -> None:
    chosen = recipe()
    whole = fit(network(), chosen)
    with pytest.raises(Killed):
        fit(network(), chosen, Interrupted(tmp_path, 4))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "state-00002.npz",
        "state-00003.npz",
    ]
    newest = tmp_path / "state-00003.npz"
    newest.write_bytes(newest.read_bytes()[:-1000])
    (tmp_path / ".state-00004.npz.writing").write_bytes(b"PK half a file")
    watch = Interrupted(tmp_path)
    resumed = fit(network(), chosen, watch)
    assert watch.rows[0]["epoch"] == 3
    pd.testing.assert_frame_equal(resumed.drop(columns=CLOCK), whole.drop(columns=CLOCK))


KEY = Key("key", {})


def state(epochs: int) -> State:
    rows: list[dict[str, float | str]] = [{"epoch": number + 1} for number in range(epochs)]
    best = [np.full((2, 3), epochs, np.float32)]
    progress = Progress(phase_epochs=epochs, lowest=0.5, history=rows, best=best)
    return State(progress, [np.arange(4, dtype=np.uint32)], [np.array(7, np.int64)])


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    save_state(tmp_path, KEY, state(3))
    loaded = load_state(tmp_path, KEY)
    assert loaded is not None
    assert loaded.progress.history == [{"epoch": 1}, {"epoch": 2}, {"epoch": 3}]
    assert (loaded.progress.lowest, loaded.progress.phase_epochs) == (0.5, 3)
    np.testing.assert_array_equal(loaded.progress.best[0], np.full((2, 3), 3))
    assert loaded.variables[0].dtype == np.uint32
    assert loaded.variables[0].tolist() == [0, 1, 2, 3]
    assert loaded.optimiser[0] == 7


def test_the_last_two_states_are_kept(tmp_path: Path) -> None:
    for epochs in (1, 2, 3, 4):
        save_state(tmp_path, KEY, state(epochs))
    assert sorted(path.name[6:11] for path in tmp_path.iterdir()) == ["00003", "00004"]


@pytest.mark.parametrize("position", [0.0, 0.2, 0.5, 0.8, 0.99])
def test_a_changed_byte_is_noticed(tmp_path: Path, position: float) -> None:
    save_state(tmp_path, KEY, state(1))
    save_state(tmp_path, KEY, state(2))
    path = tmp_path / "state-00002.npz"
    content = bytearray(path.read_bytes())
    content[int(position * len(content))] ^= 0xFF
    path.write_bytes(content)
    loaded = load_state(tmp_path, KEY)
    assert loaded is not None
    assert len(loaded.progress.history) in (1, 2)
    for array in loaded.progress.best:
        assert (array == len(loaded.progress.history)).all()


def test_a_state_of_other_data_or_settings_is_not_used(tmp_path: Path) -> None:
    chosen = recipe()
    key = state_key(chosen, PIXELS.shape, LABELS, PATIENTS, SPLIT)
    assert key == state_key(
        chosen.model_copy(update={"title": "Other"}), PIXELS.shape, LABELS, PATIENTS, SPLIT
    )
    others = [
        state_key(recipe({"batch_size": 11}), PIXELS.shape, LABELS, PATIENTS, SPLIT),
        state_key(chosen, (61, 16, 16, 3), LABELS, PATIENTS, SPLIT),
        state_key(chosen, PIXELS.shape, 1 - LABELS, PATIENTS, SPLIT),
        state_key(chosen, PIXELS.shape, LABELS, PATIENTS[::-1], SPLIT),
    ]
    assert key not in others
    save_state(tmp_path, key, state(5))
    for other in others:
        with pytest.raises(TrainingError, match="another fit"):
            load_state(tmp_path, other)
    with pytest.raises(TrainingError, match=r": train\.batch_size was 10 and is 11\. It is kept\."):
        load_state(tmp_path, others[0])
    assert load_state(tmp_path, key) is not None


def test_without_its_graphics_processor_a_mixed_run_is_refused_and_kept(tmp_path: Path) -> None:
    kinds = ("mixed_float16", "None")
    mixed, whole = (
        state_key(recipe(), (*PIXELS.shape, kind), LABELS, PATIENTS, SPLIT) for kind in kinds
    )
    save_state(tmp_path, mixed, state(3))
    with pytest.raises(TrainingError, match=r"3, mixed_float16 and is 60, .*Resume on the device"):
        load_state(tmp_path, whole)
    assert load_state(tmp_path, mixed) is not None


def test_a_state_of_another_version_is_refused_and_kept(tmp_path: Path) -> None:
    save_state(tmp_path, Key("before the upgrade", {}), state(3))
    with pytest.raises(TrainingError, match="another version of Lobule"):
        load_state(tmp_path, KEY)
    assert [path.name for path in tmp_path.iterdir()] == ["state-00003.npz"]


def test_a_state_that_cannot_be_read_for_now_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_state(tmp_path, KEY, state(3))

    def broken(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint.np, "load", broken)
        with pytest.raises(TrainingError, match=r"\(Input/output error\)\. It is kept\."):
            load_state(tmp_path, KEY)
    assert load_state(tmp_path, KEY) is not None


def test_a_full_disk_keeps_the_state_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_state(tmp_path, KEY, state(1))

    def no_room(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", no_room)
    with pytest.raises(TrainingError, match=r"No space left on device\. .*Free some space"):
        save_state(tmp_path, KEY, state(2))
    assert [path.name for path in tmp_path.iterdir()] == ["state-00001.npz"]


@pytest.mark.slow
def test_cancelled_before_the_first_epoch_there_is_nothing_to_keep(tmp_path: Path) -> None:
    class AtOnce(Watch):
        checkpoints = tmp_path

        def cancelled(self) -> bool:
            return True

    with pytest.raises(Stopped, match="nothing to keep"):
        fit(network(), recipe(), AtOnce())
    assert list(tmp_path.iterdir()) == []
