"""One word for each kind of answer."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.inference.scope import ScopeCheck
from core.inference.verdict import NO_SCOPE_TEST, Verdict, give_verdict
from core.registry.card import Card
from tests.core.conftest import card_content

IN = ScopeCheck(tested=True, distance=0.5, sharpness=2.0, tissue=0.9, reasons=())
OUT = replace(IN, distance=1.5, reasons=("Too far.",))
UNTESTED = replace(IN, tested=False, distance=None, sharpness=None)


def card(cut_offs: tuple[float, ...] | None, **changes: Any) -> Card:
    sets = {"level": 0.9, "cut_offs": cut_offs, "fitted_on": "nobody"} if cut_offs else None
    return Card.model_validate(card_content(conformal=sets, **changes))


def verdict(
    positive: float,
    cut_offs: tuple[float, ...] | None = (0.3, 0.3),
    scope: ScopeCheck = IN,
) -> Verdict:
    chances = np.array([1 - positive, positive])
    predicted = "IDC" if positive >= 0.4 else "no IDC"
    return give_verdict(card(cut_offs), predicted, chances, scope)


def test_a_class_needs_a_set_of_that_class_alone() -> None:
    found = verdict(0.9)
    assert (found.outcome, found.name, found.prediction_set) == ("class", "IDC", ("IDC",))
    assert found.reasons == ("Only IDC fits: the other can be ruled out at 90 %.",)
    assert verdict(0.1).name == "no IDC"


def test_both_none_and_a_contradiction_are_undecided() -> None:
    both = verdict(0.5)
    assert (both.outcome, both.prediction_set) == ("undecided", ("no IDC", "IDC"))
    assert both.reasons == ("Both no IDC and IDC fit: neither can be ruled out at 90 %.",)
    none = verdict(0.5, (0.6, 0.6))
    assert (none.outcome, none.prediction_set) == ("undecided", ())
    assert "No class fits" in none.reasons[0]
    # The set says IDC alone from 0.3 on; the operating point is at 0.4.
    against = verdict(0.35, (0.7, 0.3))
    assert (against.outcome, against.prediction_set) == ("undecided", ("IDC",))
    assert "operating point says no IDC" in against.reasons[0]


def test_out_of_scope_comes_first() -> None:
    found = verdict(0.9, scope=OUT)
    assert (found.outcome, found.name, found.reasons) == (
        "out of scope", "out of scope", ("Too far.",),
    )  # fmt: skip


def test_a_model_without_a_scope_test_says_so() -> None:
    found = verdict(0.9, None, UNTESTED)
    assert found.name == "IDC"
    assert found.reasons[0] == NO_SCOPE_TEST
    assert found.prediction_set is None
    assert NO_SCOPE_TEST in verdict(0.9, scope=UNTESTED).reasons
    assert verdict(0.9, None).reasons == ()


def test_of_several_classes_a_set_is_named() -> None:
    several = card(
        (0.2, 0.2, 0.2), task="subtype", classes=("DC", "LC", "MC"), operating_point=None
    )
    found = give_verdict(several, "DC", np.array([0.45, 0.35, 0.2]), IN)
    assert found.reasons == ("All 3 classes fit: none of them can be ruled out at 90 %.",)
    some = give_verdict(several, "DC", np.array([0.55, 0.35, 0.1]), IN)
    assert some.reasons[0].startswith("Of 3 classes DC and LC fit: none of them can be ruled out")
    single = give_verdict(several, "DC", np.array([0.9, 0.05, 0.05]), IN)
    assert single.reasons == ("Only DC fits: the others can be ruled out at 90 %.",)


def test_cut_offs_for_other_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="2 cut-offs, one a class, not 3"):
        card((0.1, 0.1, 0.1))
