"""The figure that epochs are chosen by, against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from core.evaluation.folds import grouped_folds
from core.training.pretraining.judge import held_out_auroc


def test_it_is_the_pooled_auroc_of_patients_held_out_each_alike() -> None:
    random = np.random.default_rng(0)
    patients = np.repeat([f"p{number}" for number in range(10)], [4, 12] * 5).astype(object)
    labels = np.tile([0, 1], 40)
    features = random.normal(size=(80, 6)).astype(np.float32)
    features[:, 0] += labels
    folds = grouped_folds(labels, patients, 5, seed=0)
    each = np.array([1 / (patients == patient).sum() for patient in patients])
    chances = np.zeros(80)
    for fold in range(5):
        learnt = folds != fold
        mean = np.average(features[learnt], axis=0, weights=each[learnt])
        deviation = np.sqrt(
            np.average((features[learnt] - mean) ** 2, axis=0, weights=each[learnt])
        )
        weights = each[learnt].copy()
        for label in (0, 1):  # of classes alike, then of patients within them
            own = labels[learnt] == label
            weights[own] /= weights[own].sum()
        model = LogisticRegression(C=1 / (0.1 * weights.sum()), max_iter=500)
        model.fit((features[learnt] - mean) / deviation, labels[learnt], sample_weight=weights)
        chances[~learnt] = model.predict_proba((features[~learnt] - mean) / deviation)[:, 1]
    expected = roc_auc_score(labels, chances, sample_weight=each)
    found = held_out_auroc(features[None, :, None], labels, patients, folds, 0.1)
    assert found == pytest.approx(expected, abs=0.01)


def test_a_class_of_one_patient_is_not_judged() -> None:
    labels = np.array([0, 1] * 12 + [2] * 3)
    patients = np.array([f"p{number // 4}" for number in range(24)] + ["only"] * 3, dtype=object)
    features = np.eye(3, dtype=np.float32)[labels]
    folds = grouped_folds(labels, patients, 5, seed=0)
    assert (folds[-3:] == -1).all()
    assert held_out_auroc(features[None, :, None], labels, patients, folds, 0.1) == 1
