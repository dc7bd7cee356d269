import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from core.training.judging.fitter import Predict
from core.training.judging.held_out import leave_one_out
from core.training.judging.learners import probe_fitter

PATIENTS = np.repeat(["a", "b", "c", "d", "e", "f"], 40).astype(object)
RANDOM = np.random.default_rng(0)
LABELS = np.tile([0, 1], 120)
FEATURES = np.stack(
    [LABELS + np.repeat(RANDOM.normal(0, 0.7, 6), 40) + RANDOM.normal(0, 0.8, 240)]
).T.astype(np.float32)[None]


def judge(labels: np.ndarray) -> object:
    views = FEATURES[:, :, None]
    changed = np.concatenate([views, views + 1])
    fit = probe_fitter(views, changed, labels, PATIENTS, "patient", 0.1)
    return leave_one_out(fit, labels, PATIENTS, ["a", "b", "c", "d", "e"], lambda _: None)


def test_nothing_of_the_left_out_patient_is_used() -> None:
    honest = judge(LABELS)
    flipped = LABELS.copy()
    flipped[PATIENTS == "b"] = 1 - flipped[PATIENTS == "b"]
    touched = judge(flipped)
    own = PATIENTS[honest.rows] == "b"
    np.testing.assert_array_equal(honest.logits[own], touched.logits[own])
    np.testing.assert_array_equal(honest.probabilities[own], touched.probabilities[own])
    np.testing.assert_array_equal(honest.shifted[:, own], touched.shifted[:, own])
    assert honest.scores[1].threshold == touched.scores[1].threshold
    np.testing.assert_array_equal(honest.thresholds[:, own], touched.thresholds[:, own])
    # The labels do reach the models of the others, so the comparison above means something.
    assert not np.array_equal(honest.logits[~own], touched.logits[~own])


def test_scores_are_those_of_scikit_learn() -> None:
    held_out = judge(LABELS)
    for score in held_out.scores:
        own = PATIENTS[held_out.rows] == score.patient
        truth, probabilities = LABELS[held_out.rows][own], held_out.probabilities[own]
        assert score.auroc == pytest.approx(roc_auc_score(truth, probabilities))
        calls = probabilities >= score.threshold
        assert score.balanced_accuracy == pytest.approx(balanced_accuracy_score(truth, calls))
    assert held_out.mean("auroc") == pytest.approx(np.mean([s.auroc for s in held_out.scores]))


def test_nothing_is_fitted_on_a_left_out_row() -> None:
    seen = []

    def fit(train: np.ndarray) -> Predict:
        def predict(test: np.ndarray) -> np.ndarray:
            seen.append((set(PATIENTS[train]), set(PATIENTS[test])))
            return np.stack([np.zeros(len(test)), FEATURES[0, test, 0]], axis=1)[None]

        return predict

    leave_one_out(fit, LABELS, PATIENTS, ["a", "b", "c"], lambda _: None)
    assert all(not train & test for train, test in seen)
    # Each of three: two inner rounds without it, then the outer one.
    assert [len(train) for train, _ in seen] == [4, 4, 5] * 3


def test_changed_images_are_answered_by_the_same_models() -> None:
    held_out = judge(LABELS)
    own = PATIENTS[held_out.rows] == "a"
    # One more in the only feature is one step more in the logit, the same for every image.
    logit = np.log(held_out.probabilities / (1 - held_out.probabilities))
    moved = np.log(held_out.shifted[0] / (1 - held_out.shifted[0]))
    np.testing.assert_allclose((moved - logit)[own], (moved - logit)[own][0], rtol=1e-3)
    assert (moved > logit).all()
