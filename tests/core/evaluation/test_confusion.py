"""Figures of weighted confusion matrices, against scikit-learn and at the edge of rounding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support, recall_score

from core.evaluation.confusion import class_figures, confusion_matrices


@given(st.integers(0, 10_000), st.integers(2, 4))
def test_figures_are_scikit_learns_and_never_leave_0_to_1(seed: int, classes: int) -> None:
    random = np.random.default_rng(seed)
    labels, calls = random.integers(0, classes, (2, 30))
    weights = random.dirichlet(np.ones(30))
    found = class_figures(confusion_matrices(labels, calls, weights[None], classes))
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, calls, labels=range(classes), sample_weight=weights, zero_division=np.nan
    )
    np.testing.assert_allclose(found["precision"][0], precision, atol=1e-9)
    np.testing.assert_allclose(found["sensitivity"][0], recall, atol=1e-9)
    np.testing.assert_allclose(found["f1"][0], f1, atol=1e-9)
    for one in range(classes):
        if (labels != one).any():
            others = recall_score(
                labels == one, calls == one, pos_label=False, sample_weight=weights
            )
            assert found["specificity"][0, one] == pytest.approx(others, abs=1e-9)
    for values in found.values():
        known = values[~np.isnan(values)]
        assert ((known >= 0) & (known <= 1)).all()


def test_nothing_called_rightly_is_exactly_0() -> None:
    weights = np.full((1, 9), 1 / 9)  # whose sums leave rounding behind
    labels, calls = np.array([1] * 6 + [0] * 3), np.ones(9, np.int64)
    found = class_figures(confusion_matrices(labels, calls, weights, 2))
    assert found["specificity"][0, 1] == 0
    assert found["sensitivity"][0, 1] == 1
    assert np.isnan(found["precision"][0, 0])


def test_no_others_no_specificity() -> None:
    weights = np.random.default_rng(0).dirichlet(np.ones(7))[None]
    found = class_figures(confusion_matrices(np.ones(7, int), np.ones(7, int), weights, 2))
    assert np.isnan(found["specificity"][0, 1])
