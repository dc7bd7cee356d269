import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import EvaluationError
from core.evaluation.operating_point import balanced_threshold


def by_patient(labels: np.ndarray, called: np.ndarray, patients: np.ndarray) -> float:
    """Mean over patients of sensitivity plus that of specificity, halved."""
    parts = []
    for label in (0, 1):
        rates = [
            (called[(patients == p) & (labels == label)] == label).mean()
            for p in np.unique(patients[labels == label])
        ]
        parts.append(np.mean(rates))
    return float(np.mean(parts))


@given(
    st.lists(
        st.tuples(
            st.integers(0, 1), st.sampled_from(np.linspace(0.05, 0.95, 13)), st.integers(0, 3)
        ),
        min_size=2,
        max_size=40,
    ).filter(lambda rows: len({row[0] for row in rows}) == 2)
)
def test_no_threshold_does_better(rows: list[tuple[int, float, int]]) -> None:
    labels, probabilities, patients = (np.array(column) for column in zip(*rows, strict=True))
    threshold = balanced_threshold(labels, probabilities, patients)
    found = by_patient(labels, probabilities >= threshold, patients)
    for other in np.linspace(0, 1, 101):
        assert found >= by_patient(labels, probabilities >= other, patients) - 1e-12


def test_a_large_patient_has_no_more_say() -> None:
    # Patient a wants 0.3, b wants 0.7; by images a's hundred copies would decide alone.
    labels = np.array([0, 1] * 100 + [0, 1, 0, 1])
    probabilities = np.array([0.2, 0.4] * 100 + [0.6, 0.8, 0.6, 0.8])
    patients = np.array(["a"] * 200 + ["b"] * 4, dtype=object)
    few = np.r_[0:2, 200:204]
    assert balanced_threshold(labels, probabilities, patients) == pytest.approx(
        balanced_threshold(labels[few], probabilities[few], patients[few])
    )


def test_one_class_is_refused() -> None:
    with pytest.raises(EvaluationError, match="both classes"):
        balanced_threshold(np.array([1, 1]), np.array([0.2, 0.3]), np.array(["a", "b"]))
