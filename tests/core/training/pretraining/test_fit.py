"""Pretraining epoch by epoch: the best is kept, and a stop changes nothing."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from core.errors import Stopped, TrainingError
from core.training.fitting.progress import Progress, Row
from core.training.pretraining.fit import best_row, pretrain_network
from core.training.watch import Watch
from tests.core.training.pretraining import small


class Stopper(Watch):
    """Keeps the state, and stops in an epoch."""

    def __init__(self, folder: Path, epoch: int | None = None) -> None:
        self.checkpoints, self._epoch, self.rows = folder, epoch, []

    def epoch(self, values: Row) -> None:
        self.rows.append(values)

    def cancelled(self) -> bool:
        return self._epoch is not None and len(self.rows) > self._epoch


def fit(network: keras.Model, watch: Watch, **how: object) -> Progress:
    judge = how.pop("judge", None)
    return pretrain_network(network, small.settings(), small.PIXELS, judge, watch, ("a",), **how)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a run that was stopped in its second epoch."""
    folder = tmp_path_factory.mktemp("stopped")
    with pytest.raises(Stopped):
        fit(small.network(), Stopper(folder, 1))
    return folder


def test_a_stopped_run_that_goes_on_ends_with_the_same_weights(
    stopped: Path, tmp_path: Path
) -> None:
    shutil.copytree(stopped, tmp_path / "parts")
    whole, before = small.network(), small.network().get_weights()
    progress = fit(whole, Stopper(tmp_path / "whole"))
    resumed = fit(small.network(), Stopper(tmp_path / "parts"))
    assert [row["epoch"] for row in resumed.history] == [0, 1, 2]
    assert [row.get("loss") for row in resumed.history] == [
        row.get("loss") for row in progress.history
    ]
    for one, other in zip(progress.best, resumed.best, strict=True):
        np.testing.assert_array_equal(one, other)
    names = [variable.path for variable in whole.weights]
    for name, one, other in zip(names, before, whole.get_weights(), strict=True):
        # Normalisation stays as it was; the head takes no part.
        still = "norm" in name or "logits" in name
        assert (np.abs(one - other).max() == 0) == still, name


def test_of_judged_epochs_the_first_of_the_best_is_kept() -> None:
    seen: list[list[np.ndarray]] = []

    def judge(features: keras.Model) -> float:
        seen.append(features.get_weights())
        return [0.7, 0.9, 0.9][len(seen) - 1]

    network = small.network()
    progress = fit(network, Watch(), judge=judge)
    assert best_row(progress.history)["epoch"] == 1
    kept = network.get_weights()[: len(seen[1])]
    for one, other in zip(kept, seen[1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_further_takes_the_last_epoch_that_is_there(stopped: Path, tmp_path: Path) -> None:
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    progress = fit(small.network(), Stopper(tmp_path), no_further=True)
    assert best_row(progress.history)["epoch"] == 1


def test_a_state_of_other_images_is_refused(stopped: Path) -> None:
    with pytest.raises(TrainingError, match="images was a and is b"):
        pretrain_network(
            *(small.network(), small.settings(), small.PIXELS, None, Stopper(stopped), ("b",))
        )
