"""Fits under many penalties at once are those of scikit-learn, one by one, taken to the end."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from core.evaluation.many_penalties import ManyPenalties

PENALTIES = (10.0, 1.0, 0.01, 0.001)


def by_scikit_learn(
    features: np.ndarray, labels: np.ndarray, weights: np.ndarray, penalty: float, asked: np.ndarray
) -> np.ndarray:
    scaler = StandardScaler().fit(features, sample_weight=weights)
    model = LogisticRegression(
        C=1 / (penalty * weights.sum()), tol=1e-10, max_iter=10_000, solver="newton-cholesky"
    )
    model.fit(scaler.transform(features), labels, sample_weight=weights)
    return model.decision_function(scaler.transform(asked))


@given(
    seed=st.integers(0, 1000),
    number=st.integers(20, 120),
    width=st.integers(1, 60),
    scale=st.sampled_from([0.01, 1.0, 300.0]),
    shift=st.sampled_from([0.0, 50.0]),
    signal=st.sampled_from([0.0, 1.0, 5.0]),
)
@settings(max_examples=25, deadline=None)
def test_they_are_those_of_scikit_learn(
    seed: int, number: int, width: int, scale: float, shift: float, signal: float
) -> None:
    random = np.random.default_rng(seed)
    labels = np.arange(number) % 2
    features = random.normal(size=(number, width))
    features[:, 0] += signal * labels
    features = (scale * (features @ random.normal(size=(width, width)) + shift)).astype(np.float32)
    rows = np.sort(random.permutation(number)[: max(10, 3 * number // 4)])
    if len(np.unique(labels[rows])) < 2:
        return
    weights = random.uniform(0.2, 3, len(rows))
    fits = ManyPenalties(features).fit(rows, labels[rows], weights, PENALTIES)
    for penalty, (kernel, bias) in zip(PENALTIES, fits, strict=True):
        assert not kernel[:, 0].any()
        assert bias[0] == 0
        expected = by_scikit_learn(
            features[rows].astype(np.float64), labels[rows], weights, penalty, features
        )
        found = (features.astype(np.float64) @ kernel + bias)[:, 1]
        np.testing.assert_allclose(found, expected, atol=0.01 + 0.01 * np.abs(expected).max())


def test_a_feature_that_is_the_same_everywhere_decides_nothing() -> None:
    random = np.random.default_rng(0)
    features = np.hstack([random.normal(size=(40, 2)), np.full((40, 1), 7.0)]).astype(np.float32)
    labels = (features[:, 0] > 0).astype(np.int64)
    ((kernel, bias),) = ManyPenalties(features).fit(np.arange(40), labels, np.ones(40), (0.1,))
    assert kernel[2, 1] == pytest.approx(0, abs=1e-6)
    assert np.isfinite(bias).all()


def test_a_feature_that_is_the_same_in_these_rows_alone_decides_nothing_either() -> None:
    """It would be a second bias, and shift whoever has another value of it."""
    random = np.random.default_rng(0)
    features = random.normal(size=(200, 5)).astype(np.float32)
    features[:150, 0], features[150:, 0] = 0, random.uniform(1, 5, 50)
    labels = (features[:, 1] + random.normal(size=200) > 0.5).astype(np.int64)
    fits = ManyPenalties(features).fit(np.arange(150), labels[:150], np.ones(150), (1.0, 0.001))
    for kernel, _ in fits:
        assert kernel[0, 1] == pytest.approx(0, abs=1e-4)
        assert np.abs(kernel[1:, 1]).max() > 0.05


def test_classes_that_part_cleanly_come_to_an_end_under_a_weak_penalty() -> None:
    features = np.concatenate([np.full((30, 3), -1.0), np.full((30, 3), 1.0)]).astype(np.float32)
    labels = np.repeat([0, 1], 30)
    fits = ManyPenalties(features).fit(np.arange(60), labels, np.ones(60), (1e-3, 1e-6))
    for kernel, bias in fits:
        assert ((features @ kernel + bias)[:, 1] > 0).astype(int).tolist() == labels.tolist()
