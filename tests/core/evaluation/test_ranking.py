"""AUROC of many weightings at once against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from core.evaluation.bootstrap import draw_patients
from core.evaluation.judge import auroc_of, evaluation_of
from core.evaluation.ranking import PatientPairs, weighted_auroc
from tests.core.evaluation.made_up import made_up


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


def test_pairs_of_patients_are_those_of_ranking_anew() -> None:
    random = np.random.default_rng(0)
    codes = random.integers(0, 7, 300)
    labels = random.integers(0, 2, 300)
    scores = np.round(random.normal(labels, 1.5), 1)  # rounded, so that there are ties
    pairs = PatientPairs(labels == 1, scores, codes)
    assert pairs.auroc(np.ones((1, 7)))[0] == pytest.approx(roc_auc_score(labels, scores))
    for patient, auroc in enumerate(pairs.auroc(np.eye(7))):
        own = codes == patient
        assert auroc == pytest.approx(roc_auc_score(labels[own], scores[own]))
    drawn = draw_patients(codes.astype(object), labels, draws=50)
    (weights,) = drawn.weights(codes.astype(object))
    expected = [roc_auc_score(labels, scores, sample_weight=row) for row in weights]
    assert pairs.auroc(drawn.counts) == pytest.approx(expected)


@pytest.mark.parametrize("protocol", ["one model", "folds", "patients"])
@pytest.mark.parametrize("classes", [2, 3])
def test_auroc_alone_is_that_of_the_whole_evaluation(protocol: str, classes: int) -> None:
    p = made_up(patients=12, protocol=protocol, folds=3, rounds=2, classes=classes)
    found = evaluation_of(p)
    for estimand in (found.estimand, *found.others):
        whole, alone = found.by(estimand)["auroc"], auroc_of(p, estimand)
        assert alone.value == pytest.approx(whole.value)
        assert alone.interval == pytest.approx(whole.interval)
        assert alone.estimand == whole.estimand
