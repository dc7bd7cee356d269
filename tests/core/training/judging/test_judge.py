import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.evaluation.patients import score_patient
from core.training.judging.held_out import HeldOut
from core.training.judging.judge import judge_by_patient

PATIENTS = np.repeat(["a", "b", "c", "d", "e", "f"], 30).astype(object)
LABELS = np.tile([0, 0, 1], 60)


RANDOM = np.random.default_rng(1).random(len(PATIENTS))


def held_out(signal: float, patients: np.ndarray = PATIENTS) -> HeldOut:
    labels = LABELS[: len(patients)]
    noise = np.random.default_rng(0).normal(0, 1, len(patients))
    probabilities = 1 / (1 + np.exp(-(signal * labels + noise)))
    scores = tuple(
        score_patient(p, labels[patients == p], probabilities[patients == p], 0.6)
        for p in np.unique(patients)
    )
    number = len(patients)
    return HeldOut(
        np.arange(number),
        np.zeros((number, 2)),
        probabilities,
        scores,
        shifted=probabilities[None] ** 0.5 * 0.5 + 0.5 * RANDOM[None, :number],
        thresholds=np.full((2, number), 0.5),
        temperatures=(1.0,) * len(scores),
    )


def test_a_better_model_beats_colour_and_an_equal_one_does_not() -> None:
    better = judge_by_patient(held_out(3), held_out(1), LABELS)
    assert better.beats_colour
    assert 0 < better.difference_interval[0] < better.auroc - better.colour_auroc
    equal = judge_by_patient(held_out(1), held_out(1), LABELS)
    assert not equal.beats_colour
    assert equal.difference_interval == (0, 0)


def test_means_are_over_patients() -> None:
    model = held_out(2)
    evaluation = judge_by_patient(model, held_out(1), LABELS, (0.25,))
    aurocs = [
        roc_auc_score(LABELS[p == PATIENTS], model.probabilities[p == PATIENTS])
        for p in np.unique(PATIENTS)
    ]
    assert evaluation.auroc == pytest.approx(np.mean(aurocs))
    shifted = [
        roc_auc_score(LABELS[p == PATIENTS], model.shifted[0][p == PATIENTS])
        for p in np.unique(PATIENTS)
    ]
    assert evaluation.stain_shift[0].auroc == pytest.approx(np.mean(shifted))
    assert evaluation.stain_shift[0].strength == 0.25
    assert evaluation.auroc_interval[0] < evaluation.auroc < evaluation.auroc_interval[1]


def test_few_patients_get_no_interval_and_the_reason() -> None:
    few = PATIENTS[:90]
    evaluation = judge_by_patient(held_out(3, few), held_out(1, few), LABELS[:90])
    assert evaluation.auroc_interval is None
    assert evaluation.difference_interval is None
    assert not evaluation.beats_colour
    assert "fewer than 5 patients" in evaluation.notes[0]
