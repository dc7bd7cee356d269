import numpy as np
import pytest

from core.evaluation.calibration import fit_temperature


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_recovers_a_known_temperature(temperature: float) -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (40_000, 3))
    exponent = np.exp(logits)
    probabilities = exponent / exponent.sum(axis=1, keepdims=True)
    labels = (random.random((40_000, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
    fitted = fit_temperature(logits * temperature, labels, np.ones(40_000))
    assert fitted == pytest.approx(temperature, rel=0.05)


def test_weights_count_images() -> None:
    random = np.random.default_rng(1)
    logits = random.normal(0, 2, (50, 2))
    labels = random.integers(0, 2, 50)
    weights = random.integers(1, 4, 50)
    repeated = fit_temperature(
        logits.repeat(weights, 0), labels.repeat(weights), np.ones(weights.sum())
    )
    assert fit_temperature(logits, labels, weights) == pytest.approx(repeated, rel=1e-4)
