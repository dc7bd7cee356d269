"""Temperature and thresholds from held-out logits: every patient counts the same."""

import numpy as np
import pytest
from scipy.special import expit

from core.evaluation.cross_validate import fit_decision
from core.evaluation.operating_point import choose_thresholds


def held_out(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits of four patients; those of the first are five times as sure as they may be."""
    random = np.random.default_rng(seed)
    honest = random.normal(0, 2, 240)
    labels = (random.random(240) < expit(honest)).astype(np.int64)
    patients = np.repeat(np.array(list("abcd"), dtype=object), 60)
    logit = np.where(patients == "a", 5.0, 1.5) * honest
    return np.stack([np.zeros(240), logit], axis=1), labels, patients


@pytest.mark.parametrize("seed", range(3))
def test_copies_of_a_patients_images_change_nothing(seed: int) -> None:
    logits, labels, patients = held_out(seed)
    once = fit_decision(logits, labels, patients)
    times = np.where(patients == "a", 20, 1)
    again = fit_decision(logits.repeat(times, 0), labels.repeat(times), patients.repeat(times))
    assert 1.5 < once.temperature < 10
    assert again.temperature == pytest.approx(once.temperature, rel=1e-4)
    assert again.thresholds == pytest.approx(once.thresholds, abs=1e-4)


def test_thresholds_are_on_calibrated_probabilities() -> None:
    logits, labels, patients = held_out(0)
    decision = fit_decision(logits, labels, patients)
    chances = expit(logits[:, 1] / decision.temperature)
    expected = choose_thresholds(labels, chances, patients)
    assert decision.thresholds == pytest.approx(expected, abs=1e-6)
    uncalibrated = choose_thresholds(labels, expit(logits[:, 1]), patients)
    assert decision.thresholds != pytest.approx(uncalibrated, abs=0.02)


def test_more_than_two_classes_have_no_threshold() -> None:
    logits, labels, patients = held_out(0)
    assert fit_decision(np.hstack([logits, logits[:, :1]]), labels, patients).thresholds is None
