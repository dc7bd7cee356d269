"""When an image is out of scope, and the words for it."""

from typing import Any

import pytest

from core.inference.scale import ScalePlan
from core.inference.scope import check_scope


def plan(um_per_px: float | None = 4.0, *, in_range: bool = True) -> ScalePlan:
    return ScalePlan(um_per_px, "given", in_range, 50, one_piece=True, message="The scale is off.")


def check(**changes: Any) -> tuple[str, ...]:
    facts = {"scale": plan(), "tissue": 0.8, "distance": 0.9, "sharpness": 2.0} | changes
    return check_scope(**facts).reasons


def test_nothing_speaks_against_a_usual_image() -> None:
    assert check() == ()
    assert check(distance=1.0, sharpness=1.0, tissue=0.1) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scale": plan(in_range=False)}, "The scale is off."),
        ({"tissue": 0.05}, "Only 5 % of the image is tissue"),
        ({"tissue": 0.0}, "No tissue was found"),
        ({"sharpness": 0.9}, "less sharp"),
        ({"distance": 1.26}, "1.26 times as far"),
    ],
)
def test_each_test_has_its_reason(changes: dict[str, Any], words: str) -> None:
    (reason,) = check(**changes)
    assert words in reason


def test_every_reason_is_given_and_the_weightiest_first() -> None:
    found = check(scale=plan(in_range=False), sharpness=0.1, distance=9.0)
    assert len(found) == 3
    for reason, words in zip(found, ("scale is off", "9.00 times as far", "sharp"), strict=True):
        assert words in reason


def test_glass_is_called_glass_and_nothing_else() -> None:
    (reason,) = check(tissue=0.0, sharpness=0.0, distance=9.0)
    assert "No tissue" in reason


def test_an_unknown_scale_is_no_reason() -> None:
    assert check(scale=plan(None, in_range=False)) == ()


def test_a_model_without_a_test_has_no_distance() -> None:
    found = check_scope(scale=plan(), tissue=0.5, distance=None, sharpness=None)
    assert not found.tested
    assert found.inside
