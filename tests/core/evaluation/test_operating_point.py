import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import EvaluationError
from core.evaluation.conformal import cut_off
from core.evaluation.operating_point import RULES, choose_thresholds


def by_patient(labels: np.ndarray, called: np.ndarray, patients: np.ndarray) -> float:
    """Balanced accuracy, every patient alike."""
    weights = 1 / (patients[:, None] == patients).sum(axis=1)
    rates = [
        np.average(called[labels == label] == label, weights=weights[labels == label])
        for label in (0, 1)
    ]
    return float(np.mean(rates))


EXAMPLES = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(np.linspace(0.05, 0.95, 13)), st.integers(0, 3)),
    min_size=2,
    max_size=40,
).filter(lambda rows: len({row[0] for row in rows}) == 2)


def columns(rows: list[tuple[int, float, int]]) -> tuple[np.ndarray, ...]:
    return tuple(np.array(column) for column in zip(*rows, strict=True))


def accuracy(labels: np.ndarray, called: np.ndarray, patients: np.ndarray) -> float:
    right = called == labels
    return float(np.mean([right[patients == p].mean() for p in np.unique(patients)]))


@settings(max_examples=50)
@given(EXAMPLES)
def test_no_threshold_does_better(rows: list[tuple[int, float, int]]) -> None:
    labels, chances, patients = columns(rows)
    balanced, _, cheapest = choose_thresholds(labels, chances, patients)
    for other in np.linspace(0, 1, 101):
        called = chances >= other
        assert by_patient(labels, chances >= balanced, patients) >= (
            by_patient(labels, called, patients) - 1e-12
        )
        assert accuracy(labels, chances >= cheapest, patients) >= (
            accuracy(labels, called, patients) - 1e-12
        )


@given(EXAMPLES)
def test_the_sensitive_one_is_as_high_as_left_out_patients_allow(
    rows: list[tuple[int, float, int]],
) -> None:
    labels, chances, patients = columns(rows)
    sensitive = choose_thresholds(labels, chances, patients)[1]
    own = labels == 1
    cut = cut_off(chances[own], patients[own], 0.95)
    np.testing.assert_array_equal(chances >= sensitive, chances >= cut)


def test_thresholds_worked_out_by_hand() -> None:
    # One patient each, so images count alike. Twenty positives from 0.40 to 0.78 and one negative
    # under each of three of them, two above all.
    positives = 0.40 + 0.02 * np.arange(20)
    negatives = np.array([0.1, 0.2, 0.3, 0.41, 0.45, 0.9, 0.95])
    labels = np.repeat([1, 0], [20, 7])
    chances = np.concatenate([positives, negatives])
    balanced, sensitive, cheapest = choose_thresholds(labels, chances, np.arange(27).astype(object))
    # From 0.41 to 0.42 nineteen of twenty positives are found: left out, all but the lowest are.
    assert sensitive == pytest.approx(0.415)
    # Going to 0.45 finds 17 and spares one more: 17/20 + 5/7 > 19/20 + 4/7.
    assert balanced == pytest.approx(0.455)
    # From 0.30 to 0.40 four calls are wrong; above 0.45, three misses and two false alarms.
    assert cheapest == pytest.approx(0.35)


def test_a_large_patient_has_no_more_say() -> None:
    # Patient a wants 0.3, b wants 0.7; by images a's hundred copies would decide alone.
    labels = np.array([0, 1] * 100 + [0, 1, 0, 1])
    probabilities = np.array([0.2, 0.4] * 100 + [0.6, 0.8, 0.6, 0.8])
    patients = np.array(["a"] * 200 + ["b"] * 4, dtype=object)
    few = np.r_[0:2, 200:204]
    assert choose_thresholds(labels, probabilities, patients) == pytest.approx(
        choose_thresholds(labels[few], probabilities[few], patients[few])
    )


def test_one_class_is_refused() -> None:
    with pytest.raises(EvaluationError, match="both classes"):
        choose_thresholds(np.array([1, 1]), np.array([0.2, 0.3]), np.array(["a", "b"]))


def test_the_first_rule_is_the_one_that_answers_go_by() -> None:
    assert [rule.kind for rule in RULES] == ["balanced", "sensitive", "equal cost"]
    assert RULES[0].column == "threshold"
    assert len({rule.column for rule in RULES}) == 3
