import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.training.fitting.epoch import Auroc

RANDOM = np.random.default_rng(4)
TRUTH = RANDOM.integers(0, 2, 300)
CHANCE = np.clip(RANDOM.normal(0.4 + 0.1 * TRUTH, 0.1), 0, 1)


def measured(outputs: int, targets: np.ndarray, chances: np.ndarray) -> float:
    metric = Auroc(outputs)
    for start in range(0, len(targets), 64):
        rows = slice(start, start + 64)
        metric.update_state(targets[rows].astype(np.float32), chances[rows].astype(np.float32))
    return float(metric.result())


def test_two_classes_with_one_output_or_two() -> None:
    expected = roc_auc_score(TRUTH, CHANCE)
    assert measured(1, TRUTH[:, None], CHANCE[:, None]) == pytest.approx(expected, abs=2e-3)
    both = np.stack([1 - CHANCE, CHANCE], axis=1)
    assert measured(2, np.eye(2)[TRUTH], both) == pytest.approx(expected, abs=2e-3)


def test_several_classes_count_alike_and_absent_ones_not() -> None:
    truth = RANDOM.choice([0, 1, 3], 300, p=[0.6, 0.3, 0.1])
    chances = RANDOM.dirichlet(np.ones(5), 300) * 0.7 + 0.3 * np.eye(5)[truth]
    expected = np.mean([roc_auc_score(truth == k, chances[:, k]) for k in (0, 1, 3)])
    assert measured(5, np.eye(5)[truth], chances) == pytest.approx(expected, abs=3e-3)


def test_one_class_alone_has_none() -> None:
    assert np.isnan(measured(1, np.ones((9, 1)), np.full((9, 1), 0.5)))
