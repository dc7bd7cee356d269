"""Temperature: against SciPy, and what it must not change."""

import numpy as np
import pytest
from scipy.special import expit, softmax

from core.inference.calibrate import apply_temperature

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_softmax_head_equals_scipy(temperature: float) -> None:
    logits = GENERATOR.normal(0, 5, (20, 4)).astype(np.float32)
    found = apply_temperature(logits, temperature)
    np.testing.assert_allclose(found, softmax(logits / temperature, axis=1), rtol=1e-5)
    np.testing.assert_array_equal(found.argmax(axis=1), logits.argmax(axis=1))


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_sigmoid_head_becomes_two_columns(temperature: float) -> None:
    logits = GENERATOR.normal(0, 5, (20, 1)).astype(np.float32)
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
