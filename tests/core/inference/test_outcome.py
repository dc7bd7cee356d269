"""One word for each kind of answer; when an image is out of scope, and the words for it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.inference.outcome import NO_SCOPE_TEST, Outcome, ScopeCheck, check_scope, give_outcome
from core.inference.tile_size import ScalePlan
from core.registry.card import Card
from tests.core.conftest import card_content

IN = ScopeCheck(tested=True, distance=0.5, sharpness=2.0, tissue=0.9, reasons=())
OUT = replace(IN, distance=1.5, reasons=("Too far.",))
UNTESTED = replace(IN, tested=False, distance=None, sharpness=None)


def card(cut_offs: tuple[float, ...] | None, **changes: Any) -> Card:
    sets = {"level": 0.9, "cut_offs": cut_offs, "fitted_on": "nobody"} if cut_offs else None
    return Card.model_validate(card_content(conformal=sets, **changes))


def outcome(
    positive: float,
    cut_offs: tuple[float, ...] | None = (0.3, 0.3),
    scope: ScopeCheck = IN,
) -> Outcome:
    chances = np.array([1 - positive, positive])
    predicted = "IDC" if positive >= 0.4 else "no IDC"
    return give_outcome(card(cut_offs), predicted, chances, scope)


def test_a_class_needs_a_set_of_that_class_alone() -> None:
    found = outcome(0.9)
    assert (found.kind, found.name, found.prediction_set) == ("class", "IDC", ("IDC",))
    assert found.reasons == ("Confident: IDC. The other class can be ruled out at 90 %.",)
    assert outcome(0.1).name == "no IDC"


def test_both_none_and_a_contradiction_are_undecided() -> None:
    both = outcome(0.5)
    assert (both.kind, both.prediction_set) == ("undecided", ("no IDC", "IDC"))
    assert both.reasons == ("Both no IDC and IDC fit: neither can be ruled out at 90 %.",)
    none = outcome(0.5, (0.6, 0.6))
    assert (none.kind, none.prediction_set) == ("undecided", ())
    assert "No class fits" in none.reasons[0]
    # The set says IDC alone from 0.3 on; the operating point is at 0.4.
    against = outcome(0.35, (0.7, 0.3))
    assert (against.kind, against.prediction_set) == ("undecided", ("IDC",))
    assert "by the decision threshold it is no IDC" in against.reasons[0]


def test_out_of_scope_comes_first() -> None:
    found = outcome(0.9, scope=OUT)
    assert (found.kind, found.name, found.reasons) == (
        "out of scope", "out of scope", ("Too far.",),
    )  # fmt: skip


def test_a_model_without_a_scope_test_says_so() -> None:
    found = outcome(0.9, None, UNTESTED)
    assert found.name == "IDC"
    assert found.reasons[0] == NO_SCOPE_TEST
    assert found.prediction_set is None
    assert NO_SCOPE_TEST in outcome(0.9, scope=UNTESTED).reasons
    assert outcome(0.9, None).reasons == ()


def test_of_several_classes_a_set_is_named() -> None:
    several = card(
        (0.2, 0.2, 0.2), task="subtype", classes=("DC", "LC", "MC"), operating_point=None
    )
    found = give_outcome(several, "DC", np.array([0.45, 0.35, 0.2]), IN)
    assert found.reasons == ("All 3 classes fit: none of them can be ruled out at 90 %.",)
    some = give_outcome(several, "DC", np.array([0.55, 0.35, 0.1]), IN)
    assert some.reasons[0].startswith("Of 3 classes DC and LC fit: none of them can be ruled out")
    single = give_outcome(several, "DC", np.array([0.9, 0.05, 0.05]), IN)
    assert single.reasons == ("Confident: DC. The others can be ruled out at 90 %.",)


def test_cut_offs_for_other_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="2 cut-offs, one a class, not 3"):
        card((0.1, 0.1, 0.1))


def plan(um_per_px: float | None = 4.0, *, in_range: bool = True) -> ScalePlan:
    return ScalePlan(
        um_per_px, "given", in_range, 50, 50, one_piece=True, message="The scale is off."
    )


def check(**changes: Any) -> tuple[str, ...]:
    facts = {"scale": plan(), "tissue": 0.8, "distance": 0.9, "sharpness": 2.0} | changes
    return check_scope(**facts).reasons


def test_nothing_speaks_against_a_usual_image() -> None:
    assert check() == ()
    assert check(distance=1.0, sharpness=1.0, tissue=0.1, third_direction=0.1) == ()
    assert check(distance=None, third_direction=0.3) == ()  # a model without a scope test


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scale": plan(in_range=False)}, "The scale is off."),
        ({"tissue": 0.05}, "Only 5 % of the image is tissue"),
        ({"tissue": 0.0}, "No tissue found"),
        ({"sharpness": 0.9}, "less sharp"),
        ({"third_direction": 0.21}, "21 % of their variation lies in a third direction"),
        ({"distance": 1.26}, "1.26 times the distance allowed"),
    ],
)
def test_each_test_has_its_reason(changes: dict[str, Any], words: str) -> None:
    (reason,) = check(**changes)
    assert words in reason


def test_every_reason_is_given_and_the_weightiest_first() -> None:
    reasons = check(scale=plan(in_range=False), sharpness=0.1, distance=9.0)
    assert len(reasons) == 3
    for reason, words in zip(
        reasons, ("scale is off", "9.00 times the distance", "sharp"), strict=True
    ):
        assert words in reason


def test_glass_is_called_glass_and_nothing_else() -> None:
    (reason,) = check(tissue=0.0, sharpness=0.0, distance=9.0)
    assert "No tissue" in reason


def test_an_unknown_scale_is_no_reason() -> None:
    assert check(scale=plan(None, in_range=False)) == ()


def test_pixels_that_are_not_square_are_out_of_scope_whatever_their_scale() -> None:
    distorted = replace(plan(None, in_range=False), square_pixels=False)
    assert check(scale=distorted) == ("The scale is off.",)


def test_an_image_of_mostly_glass_is_answered_on_its_tissue() -> None:
    assert check(tissue=0.01, most_tissue=0.6) == ()
    (reason,) = check(tissue=0.01, most_tissue=0.09)
    assert "Only 1 % of the image is tissue" in reason


def test_a_model_without_a_test_has_no_distance() -> None:
    scope = check_scope(scale=plan(), tissue=0.5, distance=None, sharpness=None)
    assert not scope.tested
    assert scope.inside
