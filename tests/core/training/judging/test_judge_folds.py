"""Repeated cross-validation: nothing of a fold is used for it, and figures are scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import recall_score, roc_auc_score

from core.errors import TrainingError
from core.training.judging.cross_validate import CrossValidated, cross_validate
from core.training.judging.folds import grouped_folds
from core.training.judging.judge_folds import judge_folds
from core.training.judging.learners import probe_fitter

RANDOM = np.random.default_rng(0)
PATIENTS = np.repeat([f"p{i}" for i in range(15)], 8).astype(object)
OF_PATIENT = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2])
SUBTYPES = np.repeat(OF_PATIENT, 8)
BINARY = (SUBTYPES > 0).astype(np.int64)
CLASSES = ("a", "b", "c")


def features(labels: np.ndarray, signal: float, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    values = signal * np.eye(3)[labels] + random.normal(0, 1, (len(labels), 3))
    return np.stack([values, values + random.normal(0, 2, values.shape)]).astype(np.float32)


def judge(labels: np.ndarray, signal: float) -> CrossValidated:
    views = features(labels, signal)[:, :, None]
    fit = probe_fitter(views[:1], views, labels, PATIENTS, "patient", 0.1)
    folds = np.stack([grouped_folds(labels, PATIENTS, 3, seed) for seed in range(2)])
    return cross_validate(fit, labels, PATIENTS, folds, lambda _: None)


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


def test_nothing_of_a_tested_fold_reaches_its_answers() -> None:
    views = features(BINARY, 1.0)[:, :, None]
    folds = grouped_folds(BINARY, PATIENTS, 3, 0)[None]
    own = folds[0] == 1

    def answers(labels: np.ndarray) -> CrossValidated:
        fit = probe_fitter(views[:1], views, labels, PATIENTS, "patient", 0.1)
        return cross_validate(fit, labels, PATIENTS, folds, lambda _: None)

    honest, touched = answers(BINARY), answers(np.where(own, 1 - BINARY, BINARY))
    np.testing.assert_array_equal(honest.logits[0][:, own], touched.logits[0][:, own])
    assert honest.temperatures[0, 1] == touched.temperatures[0, 1]
    assert honest.thresholds[0, 1] == touched.thresholds[0, 1]
    np.testing.assert_array_equal(
        honest.other_thresholds[:, 0, 1], touched.other_thresholds[:, 0, 1]
    )
    assert not np.array_equal(honest.logits[0][:, ~own], touched.logits[0][:, ~own])


def test_figures_of_two_classes_are_those_of_scikit_learn() -> None:
    model, colour = judge(BINARY, 1.5), judge(BINARY, 0.3)
    found = judge_folds(model, colour, BINARY, PATIENTS, ("a", "b"), (0.1,))
    answers = model.answers()
    aurocs, balanced = [], []
    for round_ in range(2):
        for fold in range(3):
            own = model.folds[round_] == fold
            aurocs.append(roc_auc_score(BINARY[own], answers.probabilities[round_, own, 1]))
        balanced.append(recall_score(BINARY, answers.calls[round_], average="macro"))
    assert found.auroc == pytest.approx(np.mean(aurocs))
    assert found.balanced_accuracy == pytest.approx(np.mean(balanced))
    assert found.auroc_interval[0] < found.auroc < found.auroc_interval[1]
    assert found.beats_colour
    assert found.stain_shift[0].auroc < found.auroc
    assert not judge_folds(model, model, BINARY, PATIENTS, ("a", "b"), (0.1,)).beats_colour


def test_figures_of_a_class_with_one_patient_are_withheld() -> None:
    labels = np.where(PATIENTS == "p7", 3, SUBTYPES)
    views = np.concatenate([features(np.minimum(labels, 2), 1.5)[:1, :, None]] * 2)
    fit = probe_fitter(views[:1], views, labels, PATIENTS, "patient", 0.1, 4)
    folds = grouped_folds(labels, PATIENTS, 3, 0)[None]
    held = cross_validate(fit, labels, PATIENTS, folds, lambda _: None)
    found = judge_folds(held, held, labels, PATIENTS, (*CLASSES, "d"), (0.1,))
    assert [result.withheld is None for result in found.by_class] == [True, True, True, False]
    assert found.by_class[3].auroc is None
    assert "one patient" in found.by_class[3].withheld
    given_out = [result.auroc for result in found.by_class[:3]]
    assert found.auroc == pytest.approx(np.mean(given_out))
    assert found.images == (labels != 3).sum()


def test_only_patients_who_were_tested_are_drawn() -> None:
    model, colour = judge(BINARY, 1.5), judge(BINARY, 0.3)
    few = np.isin(PATIENTS, ["p0", "p1", "p8", "p9"])

    def part(held: CrossValidated) -> CrossValidated:
        folds = np.where(few, 0, -1)[None]
        return CrossValidated(folds, held.logits[:1], np.ones((1, 1)), np.full((1, 1), 0.5))

    found = judge_folds(part(model), part(colour), BINARY, PATIENTS, ("a", "b"), (0.1,))
    assert (found.patients, found.images) == (4, few.sum())
    assert found.auroc_interval is None
    assert found.difference_interval is None
    assert not found.beats_colour
    assert "fewer than 5 patients" in found.notes[0]


def test_the_answer_of_an_image_is_the_mean_over_its_crops() -> None:
    crops = RANDOM.normal(0, 1, (1, 120, 4, 3)).astype(np.float32)
    fit = probe_fitter(crops, crops, BINARY, PATIENTS, "patient", 1.0)
    rows = np.arange(120)
    whole = fit(rows)(rows)[0]
    flat = crops[:, :, [0]]
    single = [
        probe_fitter(crops, crops[:, :, [crop]], BINARY, PATIENTS, "patient", 1.0)(rows)(rows)[0]
        for crop in range(4)
    ]
    assert flat.shape == (1, 120, 1, 3)
    np.testing.assert_allclose(whole, np.mean(single, axis=0), atol=1e-5)
