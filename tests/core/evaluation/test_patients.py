import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from core.evaluation.patients import bootstrap_mean, bootstrap_pooled, score_patient


def test_hand_worked_patient() -> None:
    # Pairs ranked right: (.8, .1), (.8, .4), (.3, .1) of 4; called positive at .4: .8 and .4.
    score = score_patient("a", np.array([0, 1, 0, 1]), np.array([0.1, 0.8, 0.4, 0.3]), 0.4)
    assert (score.images, score.positives) == (4, 2)
    assert score.auroc == 0.75
    assert score.balanced_accuracy == 0.5


def test_one_class_cannot_be_judged() -> None:
    score = score_patient("a", np.array([1, 1]), np.array([0.9, 0.2]), 0.5)
    assert score.auroc is None
    assert score.balanced_accuracy is None


def test_interval_agrees_with_scipy() -> None:
    values = np.random.default_rng(0).normal(0.8, 0.1, 12)
    low, high = bootstrap_mean(values)
    expected = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=10_000, rng=1
    ).confidence_interval
    assert low == pytest.approx(expected.low, abs=0.005)
    assert high == pytest.approx(expected.high, abs=0.005)


def test_few_patients_have_no_interval() -> None:
    assert bootstrap_mean(np.array([0.9, 0.8, 0.7, 0.9])) is None
    labels, probabilities = np.array([0, 1] * 4), np.linspace(0, 1, 8)
    patients = np.array(["a", "b", "c", "d"] * 2, dtype=object)
    assert bootstrap_pooled(roc_auc_score, labels, probabilities, patients) is None


def test_pooled_interval_widens_with_the_patient_effect() -> None:
    random = np.random.default_rng(0)
    patients = np.repeat([f"p{i}" for i in range(20)], 20).astype(object)
    labels = random.integers(0, 2, 400)
    noise = random.normal(0, 1, 400)
    shift = np.repeat(random.normal(0, 2, 20), 20)
    narrow = bootstrap_pooled(roc_auc_score, labels, labels + noise, patients)
    wide = bootstrap_pooled(roc_auc_score, labels, labels + noise + shift * labels, patients)
    assert narrow[0] < roc_auc_score(labels, labels + noise) < narrow[1]
    assert wide[1] - wide[0] > narrow[1] - narrow[0]
