"""Cross-validated training: every patient judged by a model without them, and resumed as it was."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from core.datasets.records import Dataset
from core.errors import Stopped
from core.training import by_fit
from core.training.by_folds import STAGE, train_by_folds
from core.training.judging.folds import (
    FEWEST_PATIENTS,
    folds_of_fit,
    folds_of_probe,
    split_of_fold,
)
from core.training.trained import Trained
from core.training.watch import Watch
from tests.core.training import small_fits
from tests.core.training.judging.made_up import dataset

PEOPLE = np.repeat([f"p{number:02}" for number in range(20)], 6).astype(object)
LABELS = np.tile([0, 1], 60)
PIXELS = np.clip(
    np.where(LABELS, 120, 100)[:, None, None, None]
    + np.random.default_rng(0).normal(0, 40, (120, 16, 16, 3)),
    0,
    255,
).astype(np.uint8)
RECIPE = small_fits.recipe({"epochs": 2, "frozen_base": False})


def trained(watch: Watch | None = None, labels: np.ndarray = LABELS) -> Trained:
    data = dataset(labels, PEOPLE)
    folds = folds_of_fit(data, RECIPE)
    assert folds is not None
    assert RECIPE.train is not None
    network = small_fits.network()
    return train_by_folds(network, RECIPE, RECIPE.train, data, PIXELS, folds, watch or Watch())


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole() -> Trained:
    return trained()


def test_every_patient_is_judged_once_by_a_model_without_them(whole: Trained) -> None:
    predictions = whole.predictions
    assert sorted(predictions.images) == sorted(dataset(LABELS, PEOPLE).records["path"])
    assert len(set(predictions.folds)) == 5
    for patient in set(PEOPLE):
        assert len(set(predictions.folds[predictions.patients == patient])) == 1
    # All patients have as many images, so that each weighs the same.
    expected = roc_auc_score(predictions.labels, predictions.probabilities[:, 1])
    assert whole.evaluation.auroc == pytest.approx(expected)
    assert (whole.evaluation.images, whole.evaluation.patients) == (120, 20)
    assert whole.evaluation.auroc_interval is not None
    assert [shift.strength for shift in whole.evaluation.stain_shift] == [0.1, 0.25]
    assert len(whole.evaluation.robustness) > 5
    assert whole.trust.conformal.fitted_on.startswith("120 images of 20 left-out patients")
    assert whole.trust.scope is not None
    assert list(whole.history["epoch"]) == [1, 2]
    assert len(whole.rows["train"]) + len(whole.rows["validation"]) == 120
    assert len(whole.rows["test"]) == 0


@pytest.mark.exhaustive
def test_what_a_fold_says_of_its_patients_its_model_does_not_learn(whole: Trained) -> None:
    folds = folds_of_fit(dataset(LABELS, PEOPLE), RECIPE)
    assert folds is not None
    touched = np.where(folds == 2, 1 - LABELS, LABELS)
    other = trained(labels=touched).predictions
    rows = np.flatnonzero(whole.predictions.folds == 3)  # counted from 1
    same = np.array([list(other.images).index(image) for image in whole.predictions.images[rows]])
    np.testing.assert_allclose(
        other.probabilities[same], whole.predictions.probabilities[rows], atol=1e-6
    )
    assert whole.predictions.thresholds is not None
    assert other.thresholds is not None
    np.testing.assert_allclose(other.thresholds[same], whole.predictions.thresholds[rows])
    # They do reach the models of other folds, so this shows something.
    rest = np.setdiff1d(np.arange(120), rows)
    assert not np.allclose(other.probabilities[rest], whole.predictions.probabilities[rest])


class Interrupted(Watch):
    """Stops once the folds are so far; keeps its state."""

    def __init__(self, folder: Path, until: float) -> None:
        self.checkpoints = folder
        self.told: list[tuple[str, float]] = []
        self._until = until

    def stage(self, name: str, done: float) -> None:
        self.told.append((name, done))

    def cancelled(self) -> bool:
        return bool(self.told) and self.told[-1][0] == STAGE and self.told[-1][1] >= self._until


@pytest.mark.exhaustive
def test_a_run_that_was_stopped_goes_on_to_the_same_numbers(
    tmp_path: Path, whole: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Stopped, match="in fold 3 of 5"):
        trained(Interrupted(tmp_path, 0.5))
    fits = []
    fit = by_fit.fit_network

    def count(*values: Any) -> pd.DataFrame:
        fits.append(values)
        return fit(*values)

    monkeypatch.setattr(by_fit, "fit_network", count)
    watch = Interrupted(tmp_path, 2.0)
    again = trained(watch)
    assert len(fits) == 4
    np.testing.assert_allclose(
        again.predictions.probabilities, whole.predictions.probabilities, atol=1e-6
    )
    pd.testing.assert_frame_equal(
        again.history.drop(columns=small_fits.CLOCK), whole.history.drop(columns=small_fits.CLOCK)
    )
    shares = [done for name, done in watch.told if name == STAGE]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def people(number: int, *, known: bool = True) -> Dataset:
    names = np.repeat([f"p{each}" for each in range(number)], 2).astype(object)
    return replace(dataset(np.tile([0, 1], number), names), patients_known=known)


def test_few_patients_have_one_test_part() -> None:
    assert folds_of_fit(people(FEWEST_PATIENTS), RECIPE) is not None
    assert folds_of_fit(people(FEWEST_PATIENTS - 1), RECIPE) is None
    assert folds_of_fit(people(FEWEST_PATIENTS, known=False), RECIPE) is None
    by_image = RECIPE.model_copy(update={"split": "image"})
    assert folds_of_fit(people(FEWEST_PATIENTS), by_image) is None


def test_a_class_that_a_fold_would_lack_leaves_one_test_part() -> None:
    data = people(30)
    data.records.loc[data.records["patient"] != "p0", "label"] = 0
    assert folds_of_fit(data, RECIPE) is None


def test_nobody_is_in_two_parts_of_a_fold() -> None:
    folds = folds_of_fit(people(23), RECIPE)
    assert folds is not None
    for tested in (None, 0, 1, 2, 3, 4):
        split = split_of_fold(folds, tested, 0)
        assert sorted(np.concatenate([*split.parts().values()])) == list(range(46))
        assert (len(split.test) == 0) == (tested is None)
    chosen_on = [split_of_fold(folds, tested, 0).validation for tested in range(5)]
    assert sorted(np.concatenate(chosen_on)) == list(range(46))


def test_a_probe_leaves_few_patients_out_one_by_one_and_many_in_folds() -> None:
    for number, protocol, rounds in (
        (20, "patients", 1),
        (21, "folds", 3),
        (99, "folds", 3),
        (100, "folds", 1),
    ):
        folds, what = folds_of_probe(people(number))
        assert what == protocol
        assert folds.shape == (rounds, 2 * number)
        assert folds.max() + 1 == (number if protocol == "patients" else 5)
