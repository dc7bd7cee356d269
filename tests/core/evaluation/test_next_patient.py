from dataclasses import replace

import numpy as np
import pytest

from core.evaluation.next_patient import LEAST_IMAGES, next_patient, range_of_next
from tests.core.evaluation.made_up import made_up


def test_nine_patients_reach_from_the_lowest_to_the_highest() -> None:
    values = np.random.default_rng(0).random(9)
    assert range_of_next(values) == pytest.approx((values.min(), values.max()))
    assert range_of_next(values[:8]) is None
    # Of 19, the second lowest and the second highest.
    assert range_of_next(np.arange(19) / 20) == pytest.approx((1 / 20, 17 / 20))


@pytest.mark.parametrize("number", [9, 14, 40])
def test_the_next_one_lies_in_it_eight_times_of_ten(number: int) -> None:
    random = np.random.default_rng(number)
    values = random.beta(5, 1, (1500, number + 1))
    hits = [low <= own[-1] <= high for own in values for low, high in [range_of_next(own[:-1])]]
    assert np.mean(hits) == pytest.approx(0.8, abs=0.035)


def test_by_hand_class_by_class() -> None:
    p = made_up(patients=12, images=30, rounds=2, seed=3)
    negative, positive = next_patient(p)
    assert (negative.name, positive.name) == ("class 0", "class 1")
    right = p.calls() == p.labels
    for label, found in ((0, negative), (1, positive)):
        shares = []
        for patient in np.unique(p.patients):
            rows = (p.patients == patient) & (p.labels == label)
            if rows.sum() / 2 >= LEAST_IMAGES:  # two rounds
                shares.append(right[rows].mean())
        assert found.patients == len(shares)
        assert found.range == pytest.approx(
            tuple(np.quantile(shares, [0.1, 0.9], method="weibull"))
        )
        assert found.lowest == pytest.approx(min(shares))
        assert found.below == pytest.approx(np.mean(np.array(shares) < 0.7))


def test_patients_with_few_images_do_not_count() -> None:
    found = next_patient(made_up(patients=12, images=6))
    assert [each.patients for each in found] == [0, 0]
    assert all(each.range is each.lowest is each.below is None for each in found)


def test_a_threshold_moves_both() -> None:
    p = made_up(patients=12, images=60)
    low, high = (next_patient(p, threshold) for threshold in (0.05, 0.95))
    assert low[1].lowest > high[1].lowest
    assert low[0].lowest < high[0].lowest
    assert next_patient(replace(p, thresholds=np.full(len(p.labels), 0.05))) == low
