"""Operating points are chosen on some patients and reported on others."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score

from core.datasets.records import UNKNOWN_SOURCE, Dataset, Record, table
from core.evaluation.operating_point import RULES
from core.training.by_fit import train_by_fit
from core.training.judging.by_folds import predictions_of_folds
from core.training.judging.cross_validate import cross_validate
from core.training.judging.folds import grouped_folds
from core.training.judging.learners import probe_fitter
from core.training.judging.thresholds import operating_points
from core.training.outcome import Outcome
from core.training.watch import Watch
from tests.core.training import small_fits

CLASSES = ("benign", "malignant")


def dataset(labels: np.ndarray, patients: np.ndarray) -> Dataset:
    rows = [
        Record(f"{number:03}.png", patient, patient, int(label))
        for number, (patient, label) in enumerate(zip(patients, labels, strict=True))
    ]
    return Dataset("made up", Path("nowhere"), CLASSES, table(rows), UNKNOWN_SOURCE)


def fitted(labels: np.ndarray) -> Outcome:
    chosen = small_fits.recipe({"epochs": 2, "frozen_base": False})
    return train_by_fit(
        small_fits.network(),
        chosen,
        chosen.train,
        dataset(labels, small_fits.PATIENTS),
        small_fits.PIXELS,
        small_fits.SPLIT,
        Watch(),
    )


def test_labels_of_the_test_part_change_neither_temperature_nor_thresholds() -> None:
    flipped = small_fits.LABELS.copy()
    flipped[small_fits.SPLIT.test] = 1 - flipped[small_fits.SPLIT.test]
    honest, touched = fitted(small_fits.LABELS), fitted(flipped)
    assert honest.temperature == touched.temperature
    assert [point.threshold for point in honest.operating_points] == [
        point.threshold for point in touched.operating_points
    ]
    for one, other in zip(honest.network.get_weights(), touched.network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    # The labels do reach the figures, so the comparison above means something.
    assert honest.evaluation.auroc == pytest.approx(1 - touched.evaluation.auroc)
    # Labels of the validation part do reach the decision.
    chosen_on = small_fits.LABELS.copy()
    chosen_on[small_fits.SPLIT.validation[:5]] = 1 - chosen_on[small_fits.SPLIT.validation[:5]]
    assert fitted(chosen_on).temperature != honest.temperature


def test_points_of_one_test_part() -> None:
    found = fitted(small_fits.LABELS)
    assert [point.rule for point in found.operating_points] == [rule.text for rule in RULES]
    own = found.predictions
    for rule, point in zip(RULES, found.operating_points, strict=True):
        assert own[rule.column].nunique() == 1
        assert own[rule.column].iloc[0] == pytest.approx(point.threshold, abs=1e-6)
        assert "15 images of 3 validation patients" in point.fitted_on
        assert point.sensitivity_interval is None  # two test patients


@pytest.fixture(scope="module")
def answers() -> tuple[pd.DataFrame, tuple[float, ...]]:
    """Cross-validated answers on fifteen patients, and what was chosen for the final model."""
    random = np.random.default_rng(0)
    labels, patients = (
        np.tile([0, 1], 60),
        np.repeat([f"p{n}" for n in range(15)], 8).astype(object),
    )
    values = (random.normal(0, 1, (1, 120, 1, 3)) + 1.2 * labels[:, None, None]).astype(np.float32)
    fit = probe_fitter(values, values, labels, patients, "patient", 0.1)
    folds = np.stack([grouped_folds(labels, patients, 3, seed) for seed in range(2)])
    held = cross_validate(fit, labels, patients, folds, lambda _: None)
    base = replace(held, logits=held.logits / 2)
    decision = held.decide(labels, patients)
    return predictions_of_folds(held, base, dataset(labels, patients)), decision.thresholds


def test_figures_are_of_calls_chosen_without_the_patient(
    answers: tuple[pd.DataFrame, tuple[float, ...]],
) -> None:
    predictions, thresholds = answers
    points = operating_points(predictions, CLASSES, thresholds, "these")
    for rule, threshold, point in zip(RULES, thresholds, points, strict=True):
        assert (point.threshold, point.rule, point.fitted_on) == (threshold, rule.text, "these")
        assert point.positive_class == "malignant"
        assert predictions[rule.column].nunique() > 1
        for figure, name in (("sensitivity", "malignant"), ("specificity", "benign")):
            rounds = []
            for _, own in predictions.groupby("round"):
                called = np.where(
                    own["probability malignant"] >= own[rule.column], "malignant", "benign"
                )
                rounds.append(recall_score(own["label"], called, pos_label=name))
            assert getattr(point, figure) == pytest.approx(np.mean(rounds))
            low, high = getattr(point, f"{figure}_interval")
            assert low <= getattr(point, figure) <= high
    balanced, sensitive, _ = points
    assert sensitive.threshold <= balanced.threshold
    assert sensitive.sensitivity > balanced.sensitivity


def test_more_than_two_classes_have_no_point(
    answers: tuple[pd.DataFrame, tuple[float, ...]],
) -> None:
    assert operating_points(answers[0], CLASSES, None, "") == ()
