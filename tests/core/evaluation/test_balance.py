import numpy as np
import pytest

from core.evaluation.balance import balance_weights, sample

LABELS = np.array([0, 0, 0, 0, 1, 1])
PATIENTS = np.array(["a", "a", "a", "b", "a", "c"], dtype=object)


def test_none_leaves_images_equal() -> None:
    assert balance_weights(LABELS, PATIENTS, "none").tolist() == [1] * 6


def test_class_gives_each_class_half() -> None:
    weights = balance_weights(LABELS, PATIENTS, "class")
    assert weights == pytest.approx([0.75] * 4 + [1.5] * 2)


def test_patient_gives_each_patient_of_a_class_the_same() -> None:
    weights = balance_weights(LABELS, PATIENTS, "patient")
    # Each class holds 3 of 6; class 0: a 1.5 over three images, b 1.5; class 1: a and c 1.5 each.
    assert weights == pytest.approx([0.5, 0.5, 0.5, 1.5, 1.5, 1.5])


def test_the_sample_takes_turns() -> None:
    labels = np.array([0] * 1000 + [1] * 20)
    patients = np.array(["a"] * 900 + ["b"] * 100 + ["b"] * 20, dtype=object)
    rows = sample(labels, patients, 90)
    assert len(rows) == 90
    assert (np.diff(rows) > 0).all()
    assert (labels[rows] == 1).sum() == 20
    assert (patients[rows] == "a").sum() == 35
    np.testing.assert_array_equal(sample(labels, patients, 5000), np.arange(1020))
