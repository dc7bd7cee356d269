"""One answer for a case: its word against the rule by hand, its mean against the central limit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.inference.case import FEWEST_IMAGES, answer_case, word_of_case
from core.inference.outcome import OUT_OF_SCOPE, UNDECIDED
from core.registry.card import Card
from tests.pages.conftest import CARD, NEGATIVE, POSITIVE

CARD_OF_TWO = Card.model_validate(CARD)
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


@pytest.mark.parametrize(
    ("outcomes", "word"),
    [
        (["benign"], "benign"),
        (["benign"] * 2 + [UNDECIDED] * 7, UNDECIDED),
        (["malignant"] * 5 + [UNDECIDED] * 4, "malignant"),
        (["malignant", UNDECIDED], UNDECIDED),  # half is not more than half
        (["benign"] * 11 + ["malignant"], UNDECIDED),
        (["malignant", OUT_OF_SCOPE, OUT_OF_SCOPE], "malignant"),
        ([OUT_OF_SCOPE], OUT_OF_SCOPE),
        ([UNDECIDED] * 3, UNDECIDED),
    ],
)
def test_the_word_follows_from_the_words(outcomes: list[str], word: str) -> None:
    assert word_of_case(outcomes) == word


@given(st.lists(st.sampled_from(["a", "b", UNDECIDED, OUT_OF_SCOPE]), min_size=1))
def test_a_case_is_never_called_what_contradicts_an_image(outcomes: list[str]) -> None:
    word = word_of_case(outcomes)
    if word in {"a", "b"}:
        counted = [outcome for outcome in outcomes if outcome != OUT_OF_SCOPE]
        assert outcomes.count(word) > len(counted) / 2
        assert {"a": "b", "b": "a"}[word] not in outcomes
    assert word_of_case(outcomes[::-1]) == word


def test_few_images_get_a_mean_and_no_interval() -> None:
    answer = answer_case(CARD_OF_TWO, [NEGATIVE, UNDECIDED], two(0.2, 0.6))
    assert answer.probability == pytest.approx(0.4)
    assert (answer.name, answer.about, answer.images) == (UNDECIDED, POSITIVE, 2)
    assert answer.because == f"1 {NEGATIVE}, 1 undecided"
    assert answer.interval is None
    same = [UNDECIDED] * FEWEST_IMAGES
    assert answer_case(CARD_OF_TWO, same, two(*[0.5] * FEWEST_IMAGES)).interval == (0.5, 0.5)


def test_the_interval_is_that_of_a_mean_of_as_many_images() -> None:
    chances = np.random.default_rng(1).uniform(0.5, 0.9, 100)
    answer = answer_case(CARD_OF_TWO, [POSITIVE] * 100, two(*chances))
    assert answer.name == POSITIVE
    assert answer.interval is not None
    half = 1.96 * chances.std() / 10  # of the mean, by the central limit theorem
    low, high = answer.interval
    assert low == pytest.approx(chances.mean() - half, abs=0.15 * half)
    assert high == pytest.approx(chances.mean() + half, abs=0.15 * half)


def test_of_several_classes_the_mean_is_of_the_most_probable() -> None:
    answer = answer_case(CARD_OF_THREE, ["a"] * 6, np.tile([0.6, 0.3, 0.1], (6, 1)))
    assert (answer.name, answer.about) == ("a", "a")
    assert answer.probability == pytest.approx(0.6)


def test_images_without_an_answer_count_as_called_nothing() -> None:
    assert word_of_case(["benign"], 3) == UNDECIDED
    assert word_of_case(["benign"] * 3, 3) == UNDECIDED
    assert word_of_case(["benign"] * 4, 3) == "benign"
    assert answer_case(CARD_OF_TWO, [NEGATIVE], two(0.1), unanswered=3).name == UNDECIDED
