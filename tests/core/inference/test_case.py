"""One answer for a case, against means and counts by hand."""

import numpy as np
import pytest

from core.inference.case import FEWEST_IMAGES, answer_case
from core.registry.card import Card
from tests.pages.conftest import CARD, NEGATIVE, POSITIVE

CARD_OF_TWO = Card.model_validate(CARD)  # operating point 0.37
CARD_OF_THREE = Card.model_validate(
    CARD
    | {
        "task": "subtype",
        "classes": ("a", "b", "c"),
        "operating_point": None,
        "evaluation": None,
    }
)


def two(*positive: float) -> np.ndarray:
    return np.array([[1 - chance, chance] for chance in positive])


def test_few_images_get_a_mean_and_no_interval() -> None:
    answer = answer_case(CARD_OF_TWO, two(0.2, 0.6))
    assert answer.probability == pytest.approx(0.4)
    assert (answer.name, answer.about, answer.images) == (POSITIVE, POSITIVE, 2)
    assert answer.interval is None
    assert answer_case(CARD_OF_TWO, two(0.1, 0.6)).name == NEGATIVE
    assert answer_case(CARD_OF_TWO, two(*[0.5] * FEWEST_IMAGES)).interval == (0.5, 0.5)


def test_the_interval_is_that_of_a_mean_of_as_many_images() -> None:
    chances = np.random.default_rng(1).uniform(0.5, 0.9, 100)
    answer = answer_case(CARD_OF_TWO, two(*chances))
    assert answer.name == POSITIVE
    assert answer.interval is not None
    half = 1.96 * chances.std() / 10  # of the mean, by the central limit theorem
    low, high = answer.interval
    assert low == pytest.approx(chances.mean() - half, abs=0.15 * half)
    assert high == pytest.approx(chances.mean() + half, abs=0.15 * half)


def test_an_interval_across_the_operating_point_is_undecided() -> None:
    answer = answer_case(CARD_OF_TWO, two(*[0.1] * 4, *[0.8] * 4))
    assert answer.name == "undecided"
    assert answer.probability == pytest.approx(0.45)
    assert answer_case(CARD_OF_TWO, two(*[0.8] * 8)).name == POSITIVE
    assert answer_case(CARD_OF_TWO, two(*[0.1] * 8)).name == NEGATIVE


def test_of_several_classes_the_most_probable_wins_if_it_does_in_nearly_all_draws() -> None:
    sure = np.tile([0.6, 0.3, 0.1], (6, 1))
    answer = answer_case(CARD_OF_THREE, sure)
    assert (answer.name, answer.about) == ("a", "a")
    assert answer.probability == pytest.approx(0.6)
    torn = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]] * 3)
    torn[0] += [0.01, -0.01, 0]
    answer = answer_case(CARD_OF_THREE, torn)
    assert (answer.name, answer.about) == ("undecided", "a")
