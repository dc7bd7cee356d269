"""Folds keep patients whole, and are refused just where cross-validation would fail on them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import EvaluationError, TrainingError
from core.evaluation.cross_validate import cross_validate
from core.evaluation.folds import grouped_folds, require_learnable
from core.evaluation.probe import probe_fitter

PATIENTS = np.repeat([f"p{i}" for i in range(15)], 8).astype(object)
SUBTYPES = np.repeat([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2], 8)
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


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(6, 14), st.integers(2, 4))
def test_folds_keep_patients_whole_and_train_every_class(
    seed: int, people: int, classes: int
) -> None:
    random = np.random.default_rng(seed)
    of_patient = np.append(np.arange(classes).repeat(2)[:people], random.integers(0, classes, 9))
    patients = np.arange(len(of_patient)).repeat(3).astype(str).astype(object)
    labels = of_patient.repeat(3)
    folds = grouped_folds(labels, patients, 3, seed)
    for patient in np.unique(patients):
        assert len(set(folds[patients == patient])) == 1
    assert set(folds) - {-1} == {0, 1, 2}
    for fold in range(3):
        assert set(labels[folds != fold]) == set(labels)
    np.testing.assert_array_equal(folds, grouped_folds(labels, patients, 3, seed))


def test_a_patient_who_alone_has_a_class_is_never_held_out() -> None:
    labels = np.where(PATIENTS == "p7", 3, SUBTYPES)
    folds = grouped_folds(labels, PATIENTS, 3, 0)
    assert set(folds[PATIENTS == "p7"]) == {-1}
    assert -1 not in folds[PATIENTS != "p7"]


def test_fewer_patients_than_folds_are_refused() -> None:
    with pytest.raises(TrainingError, match="at least 5"):
        grouped_folds(np.array([0, 0, 1, 1]), np.array(list("abcd"), dtype=object), 5, 0)


@pytest.mark.parametrize("name", CASES)
def test_refused_is_what_would_fail(name: str) -> None:
    labels, folds, classes, fine = CASES[name]
    labels, folds = np.array(labels), np.array(folds)[None]
    patients = np.array([f"p{number}" for number in range(len(labels))], dtype=object)
    views = np.random.default_rng(0).normal(0, 1, (1, len(labels), 1, 3)).astype(np.float32)
    fit = probe_fitter(views, views, labels, patients, "patient", 1.0, classes)
    if fine:
        require_learnable(labels, patients, folds, classes)
        cross_validate(fit, labels, patients, folds)
        return
    with pytest.raises((ValueError, EvaluationError)):
        cross_validate(fit, labels, patients, folds)
    with pytest.raises(TrainingError, match="Each needs 3 who can be held out"):
        require_learnable(labels, patients, folds, classes)


def test_refusal_names_the_classes() -> None:
    labels = np.repeat([0] * 8 + [1, 1], 3)
    patients = np.repeat([f"p{number}" for number in range(10)], 3).astype(object)
    folds = grouped_folds(labels, patients, 5, 0)[None]
    with pytest.raises(TrainingError, match=r"benign has 8 patient\(s\), malignant has 2 patient"):
        require_learnable(labels, patients, folds, 2, ("benign", "malignant"))
