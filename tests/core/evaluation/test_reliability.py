"""Reliability bins and ECE by hand; the Brier score is compared in test_metrics."""

import numpy as np
import pytest

from core.evaluation.reliability import calibration_errors, reliability, said_and_true


def test_bins_worked_out_by_hand() -> None:
    said = np.array([0.0, 0.05, 0.32, 0.38, 0.38, 1.0])
    true = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 1.0])
    found = reliability(said, true)
    assert found.low == pytest.approx([0.0, 0.3, 0.9])
    assert found.high == pytest.approx([0.1, 0.4, 1.0])
    assert found.predicted == pytest.approx([0.025, 0.36, 1.0])
    assert found.observed == pytest.approx([0.5, 2 / 3, 1.0])
    assert found.images.tolist() == [2, 3, 1]
    # 2/6 of 0.475, 3/6 of 0.30667, 1/6 of 0.
    error = calibration_errors(said, true, np.ones((1, 6)))
    assert error == pytest.approx([2 / 6 * 0.475 + 3 / 6 * (2 / 3 - 0.36)])


def test_weights_count_images() -> None:
    random = np.random.default_rng(0)
    said, true = random.random(40), random.integers(0, 2, 40).astype(float)
    times = random.integers(0, 3, 40)
    repeated = calibration_errors(said.repeat(times), true.repeat(times), np.ones((1, times.sum())))
    assert calibration_errors(said, true, times[None]) == pytest.approx(repeated)


def test_honest_probabilities_have_almost_no_error() -> None:
    random = np.random.default_rng(0)
    said = random.random(200_000)
    true = (random.random(200_000) < said).astype(float)
    assert calibration_errors(said, true, np.ones((1, len(said))))[0] < 0.005


def test_what_is_said_of_two_and_of_more_classes() -> None:
    labels = np.array([0, 1])
    said, true = said_and_true(labels, np.array([[0.9, 0.1], [0.6, 0.4]]), 0)
    assert (said.tolist(), true.tolist()) == ([0.9, 0.6], [1, 0])
    said, true = said_and_true(labels, np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]]), 1)
    assert (said.tolist(), true.tolist()) == ([0.5, 0.7], [1, 0])
