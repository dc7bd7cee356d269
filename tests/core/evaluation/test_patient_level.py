"""Patients' scores and answers by hand."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import EvaluationError
from core.evaluation.judge import evaluation_of
from core.evaluation.patient_level import by_patient, patient_table, recognition_rate
from core.evaluation.predictions import Predictions
from tests.core.evaluation.made_up import made_up


def example() -> Predictions:
    """Three patients: a is benign, b and c are malignant; called from 0.5."""
    chances = np.array([0.1, 0.2, 0.9, 0.6, 0.4, 0.7, 0.9, 0.3, 0.1])
    return Predictions(
        classes=("benign", "malignant"),
        positive=1,
        protocol="one model",
        images=np.array([f"{row}.png" for row in range(9)], dtype=object),
        patients=np.array(list("aaabbcccc"), dtype=object),
        magnifications=np.full(9, "40X", dtype=object),
        subtypes=np.full(9, "", dtype=object),
        labels=np.array([0, 0, 0, 1, 1, 1, 1, 1, 1]),
        probabilities=np.stack([1 - chances, chances], axis=1),
        rounds=np.ones(9, dtype=np.int64),
        folds=np.ones(9, dtype=np.int64),
        thresholds=np.full(9, 0.5),
    )


def test_patient_scores_by_hand() -> None:
    table = patient_table(example())
    assert table["patient"].tolist() == ["b", "c", "a"]
    assert table["score"].tolist() == pytest.approx([1 / 2, 2 / 4, 2 / 3])
    assert table["right"].tolist() == pytest.approx([1, 2, 2])
    assert table["label"].tolist() == ["malignant", "malignant", "benign"]
    assert table["probability malignant"].tolist() == pytest.approx([0.5, 0.5, 0.4])
    rate, interval, why = recognition_rate(example())
    assert rate == pytest.approx((1 / 2 + 1 / 2 + 2 / 3) / 3)
    assert interval is None
    assert "3 patients" in why


def test_patients_count_the_same_however_many_images_they_have() -> None:
    p = example()
    right = p.of(np.append(np.arange(9), [8] * 6))  # ten images of c, of which two are right
    rate, _, _ = recognition_rate(right)
    assert rate == pytest.approx((1 / 2 + 2 / 10 + 2 / 3) / 3)


def test_mean_probability_and_majority_by_hand() -> None:
    mean = by_patient(example())
    assert mean.images.tolist() == ["a", "b", "c"]
    assert mean.probabilities[:, 1] == pytest.approx([0.4, 0.5, 0.5])
    found = evaluation_of(mean, draws=0).figures
    assert (found["sensitivity"].value, found["specificity"].value) == (1, 1)
    assert (
        evaluation_of(by_patient(example(), threshold=0.51), draws=0).figures["sensitivity"].value
        == 0
    )
    # One of three of a is called malignant, one of two of b, two of four of c: half is enough.
    votes = by_patient(example(), "majority")
    assert votes.probabilities[:, 1] == pytest.approx([1 / 3, 1 / 2, 1 / 2])
    assert votes.calls().tolist() == [0, 1, 1]
    assert by_patient(example(), "majority", 0.65).calls().tolist() == [0, 0, 1]


def test_rounds_are_kept_apart() -> None:
    p = made_up(patients=6, mixed=False, rounds=3, folds=2, protocol="folds")
    people = by_patient(p)
    assert len(people.labels) == 18
    assert people.patient_count == people.image_count == 6
    table = patient_table(p)
    assert (table["images"] == 12).all()
    rights = [(q.calls() == q.labels).mean() for q in p.groups("patient").values()]
    rate, interval, why = recognition_rate(p)
    assert rate == pytest.approx(np.mean(rights))
    assert interval[0] < rate < interval[1]
    assert why is None


def test_patients_of_several_classes_have_no_answer() -> None:
    with pytest.raises(EvaluationError, match="several classes"):
        by_patient(made_up())
    assert (patient_table(made_up())["label"] == "").all()


def test_several_classes_vote() -> None:
    p = made_up(patients=6, classes=3, signal=4, mixed=False)
    votes = by_patient(replace(p, thresholds=None), "majority")
    assert votes.calls().tolist() == [0, 1, 2, 0, 1, 2]
