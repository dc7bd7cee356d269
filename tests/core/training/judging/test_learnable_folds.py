"""Folds are refused just where cross-validation would fail on them."""

from pathlib import Path

import numpy as np
import pytest

from core.datasets.records import UNKNOWN_SOURCE, Dataset, Record, table
from core.errors import EvaluationError, TrainingError
from core.training.judging.by_folds import judge_by_folds
from core.training.judging.cross_validate import cross_validate
from core.training.judging.learnable_folds import require_learnable
from core.training.judging.learners import probe_fitter
from core.training.watch import Watch

# Of one image a patient: label and fold, and whether that can be cross-validated.
CASES = {
    "three of each": ([0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2], 2, True),
    "two of one class": ([0, 0, 0, 0, 1, 1], [0, 1, 2, 3, 0, 1], 2, False),
    "three in two folds": ([0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 0, 1], 2, False),
    "one, never held out": ([0, 0, 0, 0, 1], [0, 1, 2, 3, -1], 2, False),
    "one of three classes": ([0, 0, 0, 1, 1, 1, 2], [0, 1, 2, 0, 1, 2, -1], 3, True),
    "two of three classes": ([0, 0, 0, 1, 1, 1, 2, 2], [0, 1, 2, 0, 1, 2, 0, 1], 3, True),
    "two of two of three": ([0, 0, 0, 1, 1], [0, 1, 2, 0, 1], 3, False),
}


@pytest.mark.parametrize("name", CASES)
def test_refused_is_what_would_fail(name: str) -> None:
    labels, folds, classes, fine = CASES[name]
    labels, folds = np.array(labels), np.array(folds)[None]
    patients = np.array([f"p{number}" for number in range(len(labels))], dtype=object)
    views = np.random.default_rng(0).normal(0, 1, (1, len(labels), 1, 3)).astype(np.float32)
    fit = probe_fitter(views, views, labels, patients, "patient", 1.0, classes)
    if fine:
        require_learnable(labels, patients, folds, classes)
        cross_validate(fit, labels, patients, folds, lambda _: None)
        return
    with pytest.raises((ValueError, EvaluationError)):
        cross_validate(fit, labels, patients, folds, lambda _: None)
    with pytest.raises(TrainingError, match="3 of each are needed"):
        require_learnable(labels, patients, folds, classes)


def test_refusal_names_the_classes_and_comes_before_any_fit() -> None:
    of_patient = [0] * 8 + [1, 1]
    records = [
        Record(f"{number}-{image}.png", f"p{number}", "p", label)
        for number, label in enumerate(of_patient)
        for image in range(3)
    ]

    def fit(_: np.ndarray) -> None:
        pytest.fail("nothing can be learnt")

    names = ("benign", "malignant")
    dataset = Dataset("made up", Path("nowhere"), names, table(records), UNKNOWN_SOURCE)
    with pytest.raises(TrainingError, match=r"benign has 8 patient\(s\), malignant has 2 patient"):
        judge_by_folds(fit, fit, dataset, Watch())
