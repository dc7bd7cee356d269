"""Figures of repeated cross-validation against scikit-learn and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import recall_score, roc_auc_score

from core.evaluation.folds import Answers, class_aurocs, sensitivities
from core.evaluation.ranking import weighted_auroc


@given(st.integers(0, 2**32 - 1), st.integers(4, 60), st.sampled_from([5, 10**6]))
def test_weighted_auroc_is_that_of_scikit_learn(seed: int, images: int, levels: int) -> None:
    random = np.random.default_rng(seed)
    positive = random.random(images) < 0.5
    positive[:2] = True, False
    scores = random.integers(0, levels, images) / levels
    weights = random.integers(0, 4, (3, images)).astype(float)
    weights[:, :2] = 1
    expected = [roc_auc_score(positive, scores, sample_weight=row) for row in weights]
    assert weighted_auroc(positive, scores, weights) == pytest.approx(expected)


def test_an_auroc_without_a_class_does_not_exist() -> None:
    assert np.isnan(weighted_auroc(np.array([True, True]), np.array([0.1, 0.2]), np.ones((1, 2))))
    weights = np.array([[1.0, 0.0]])
    assert np.isnan(weighted_auroc(np.array([True, False]), np.array([0.1, 0.2]), weights))


def example() -> tuple[np.ndarray, Answers]:
    random = np.random.default_rng(1)
    labels = random.integers(0, 3, 60)
    folds = random.integers(-1, 3, (2, 60))
    probabilities = random.dirichlet(np.ones(3), (2, 60))
    return labels, Answers(folds, probabilities, probabilities.argmax(axis=2))


def test_aurocs_are_means_over_folds_of_scikit_learns() -> None:
    labels, answers = example()
    for label in range(3):
        expected = [
            roc_auc_score(labels[own] == label, answers.probabilities[round_, own, label])
            for round_ in range(2)
            for own in (answers.folds[round_] == fold for fold in range(3))
        ]
        found = class_aurocs(labels, answers, np.ones((1, 60)))
        assert found[0, label] == pytest.approx(np.mean(expected))


def test_sensitivities_are_scikit_learns_recalls_of_tested_images() -> None:
    labels, answers = example()
    expected = [
        recall_score(labels[folds >= 0], calls[folds >= 0], average=None)
        for folds, calls in zip(answers.folds, answers.calls, strict=True)
    ]
    found = sensitivities(labels, answers, np.ones((1, 60)))
    assert found[0] == pytest.approx(np.mean(expected, axis=0))
