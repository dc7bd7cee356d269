import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.evaluation import intervals
from core.evaluation.intervals import BOOTSTRAP_FROM, interval_of_mean, resampling, student_interval


def people(number: int) -> np.ndarray:
    return np.array([f"p{each:03}" for each in range(number)], dtype=object)


def test_few_patients_are_left_out_in_turn_and_many_are_drawn() -> None:
    labels = np.zeros(BOOTSTRAP_FROM, dtype=np.int64)
    many = resampling(people(BOOTSTRAP_FROM), labels, draws=30)
    assert not many.left_out
    assert many.draws.counts.shape == (30, BOOTSTRAP_FROM)
    few = resampling(people(7), labels[:7])
    assert few.left_out
    np.testing.assert_array_equal(few.draws.counts, 1 - np.eye(7))


def test_a_difference_of_means_has_students_interval() -> None:
    """The jackknife of a mean is its standard error: this is the t-interval of textbooks."""
    random = np.random.default_rng(0)
    differences = random.normal(0.05, 0.1, 9)
    chosen = resampling(people(9), np.zeros(9, dtype=np.int64))
    counts = chosen.draws.counts
    found = chosen.interval_of_difference(
        differences.mean(), counts @ differences / counts.sum(axis=1), 9
    )
    expected = stats.t.interval(0.95, 8, differences.mean(), stats.sem(differences))
    assert found == pytest.approx(expected)


def test_the_interval_of_a_share_is_that_of_its_logit_written_again() -> None:
    shares = np.array([0.9, 0.8, 0.95, 0.7, 0.85, 0.99])
    images = 10**6
    left_out = [np.delete(shares, each).mean() for each in range(6)]
    logits = np.log(left_out) - np.log1p(-np.array(left_out))
    error = np.sqrt(5 / 6 * ((logits - logits.mean()) ** 2).sum())
    middle = np.log(shares.mean() / (1 - shares.mean()))
    ends = middle + error * stats.t.ppf([0.025, 0.975], 5)
    found = interval_of_mean(shares, images)
    assert found == pytest.approx(tuple(1 / (1 + np.exp(-ends))), abs=1e-4)


def test_perfect_patients_are_not_certain() -> None:
    """Five of five may be 48 % of all: the interval of Clopper and Pearson."""
    expected = stats.binomtest(5, 5).proportion_ci(method="exact")
    assert student_interval(1.0, np.ones(5), 5, 200) == pytest.approx((expected.low, 1.0))
    expected = stats.binomtest(0, 8).proportion_ci(method="exact")
    assert student_interval(0.0, np.zeros(8), 8, 200) == pytest.approx((0.0, expected.high))
    nearly = student_interval(1e-309, np.full(8, 1e-309), 8, 200)
    assert nearly == pytest.approx((0.0, expected.high))


@given(
    st.lists(st.floats(0, 1), min_size=5, max_size=30),
    st.integers(5, 5000),
)
def test_an_interval_lies_in_its_range_about_its_value(values: list[float], images: int) -> None:
    shares = np.array(values)
    low, high = interval_of_mean(shares, images)
    assert 0 <= low <= shares.mean() + 1e-9
    assert shares.mean() - 1e-9 <= high <= 1


def test_nobody_to_leave_out_is_no_interval() -> None:
    assert student_interval(0.5, np.array([0.4, np.nan]), 2, 10) is None
    assert student_interval(0.5, np.array([0.4, 0.6]), 1, 10) is None
    assert interval_of_mean(np.array([0.9, 0.8, 0.7, 0.9]), 100) is None


def test_a_figure_may_go_up_to_two() -> None:
    chosen = resampling(people(6), np.zeros(6, dtype=np.int64))
    values = np.array([0.6, 0.62, 0.58, 0.6, 0.64, 0.56])
    half = chosen.interval(0.3, values / 2, 6, 100)
    assert chosen.interval(0.6, values, 6, 100, 2.0) == pytest.approx((2 * half[0], 2 * half[1]))


def test_the_bootstrap_of_many_is_scipys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "BOOTSTRAP_FROM", 10)
    values = np.random.default_rng(0).normal(0.8, 0.05, 12)
    found = interval_of_mean(values, 100, draws=10_000)
    expected = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=10_000, rng=1
    ).confidence_interval
    assert found == pytest.approx((expected.low, expected.high), abs=0.005)
