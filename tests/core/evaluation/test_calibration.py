import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

from core.evaluation.calibration import apply_temperature, fit_temperature

_GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_recovers_a_known_temperature(temperature: float) -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (40_000, 3))
    exponent = np.exp(logits)
    probabilities = exponent / exponent.sum(axis=1, keepdims=True)
    labels = (random.random((40_000, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
    fitted = fit_temperature(logits * temperature, labels, np.ones(40_000))
    assert fitted == pytest.approx(temperature, rel=0.05)


def drawn(random: np.random.Generator, images: int, temperature: float) -> tuple[np.ndarray, ...]:
    """Logits of two classes that are surer by the temperature than the labels bear out."""
    honest = random.normal(0, 2, images)
    labels = (random.random(images) < 1 / (1 + np.exp(-honest))).astype(np.int64)
    return np.stack([np.zeros(images), temperature * honest], axis=1), labels


def test_weights_count_images() -> None:
    random = np.random.default_rng(1)
    logits, labels = drawn(random, 200, 2.0)
    weights = random.integers(0, 2, 200) * 9 + 1
    repeated = fit_temperature(
        logits.repeat(weights, 0), labels.repeat(weights), np.ones(weights.sum())
    )
    assert 1 < repeated < 4
    assert fit_temperature(logits, labels, weights) == pytest.approx(repeated, rel=1e-4)
    equal = fit_temperature(logits, labels, np.ones(200))
    assert equal != pytest.approx(repeated, rel=0.02)


def test_two_classes_are_logistic_regression_without_intercept() -> None:
    # The slope on the logit, which scikit-learn fits by maximum likelihood, is one over it.
    logits, labels = drawn(np.random.default_rng(2), 500, 3.0)
    weights = np.random.default_rng(3).random(500) + 0.1
    model = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-8)
    slope = model.fit(logits[:, 1:], labels, sample_weight=weights).coef_[0, 0]
    assert fit_temperature(logits, labels, weights) == pytest.approx(1 / slope, rel=1e-3)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_softmax_head_equals_scipy(temperature: float) -> None:
    logits = _GENERATOR.normal(0, 5, (20, 4)).astype(np.float32)
    found = apply_temperature(logits, temperature)
    np.testing.assert_allclose(found, softmax(logits / temperature, axis=1), rtol=1e-5)
    np.testing.assert_array_equal(found.argmax(axis=1), logits.argmax(axis=1))


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_sigmoid_head_becomes_two_columns(temperature: float) -> None:
    logits = _GENERATOR.normal(0, 5, (20, 1)).astype(np.float32)
    found = apply_temperature(logits, temperature)
    np.testing.assert_allclose(found[:, 1], expit(logits[:, 0] / temperature), rtol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)


def test_huge_logits_do_not_overflow() -> None:
    found = apply_temperature(np.array([[1e6, -1e6]], np.float32), 0.1)
    np.testing.assert_array_equal(found, [[1, 0]])


@pytest.mark.parametrize(
    ("logits", "temperature"),
    [(np.zeros(3), 1.0), (np.zeros((3, 0)), 1.0), (np.zeros((3, 2)), 0.0)],
)
def test_senseless_input_is_refused(logits: np.ndarray, temperature: float) -> None:
    with pytest.raises(ValueError, match="expected"):
        apply_temperature(logits, temperature)
