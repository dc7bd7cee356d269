"""Which model answers, with scope tests that the test itself plays."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import ImageError, NoModelError
from core.imaging.read import Image, ImageInfo
from core.inference.routing import Look, route
from core.registry.card import Card, InputSpec
from core.registry.package import Package
from tests.pages.conftest import CARD

PATCHES = InputSpec(
    height=32, width=32, field_um=200, um_per_px_low=3, um_per_px_high=5, um_per_px=4
)
FIELDS = InputSpec(
    height=32,
    width=32,
    field_um=92,
    um_per_px_low=0.04,
    um_per_px_high=1.2,
    um_per_px=0.4,
    other_fields_um=(23,),
    fit="crops",
)


def model(name: str, spec: InputSpec) -> Package:
    card = Card.model_validate(CARD | {"name": name})
    return Package(Path(name), card.model_copy(update={"input": spec}))


def image(height: int, width: int, um_per_px: float | None = None) -> Image:
    info = ImageInfo("PNG", "RGB", 8, width, height, um_per_px, "0" * 64, ())
    shade = np.random.default_rng(0).integers(-40, 40, (height, width, 1))
    purple = (np.array([150, 90, 160]) + shade).astype(np.uint8)
    return Image(purple, info)


def scope(**distances: float) -> tuple[Look, list[str]]:
    """A scope test that finds these distances, and the names of the models it ran."""
    ran: list[str] = []

    def look(package: Package, inputs: np.ndarray) -> tuple[Any, Any]:
        ran.append(package.card.name)
        return np.full(len(inputs), distances[package.card.name]), None

    return look, ran


PATCH_MODEL, FIELD_MODEL = model("patches", PATCHES), model("fields", FIELDS)
BOTH = [(PATCH_MODEL, False), (FIELD_MODEL, False)]


@pytest.mark.parametrize(
    ("picture", "name"),
    [
        (image(50, 50, 4.0), "patches"),
        (image(230, 350, 0.1), "fields"),  # 23 µm: too little for a patch of 200 µm
        (image(230, 350, 0.4), "fields"),  # 92 µm
    ],
)
def test_a_known_scale_that_suits_one_model_needs_no_test(picture: Image, name: str) -> None:
    look, ran = scope()
    chosen = route(picture, BOTH, look)
    assert chosen.package.card.name == name
    assert ran == []
    assert "scale" in chosen.chosen.because
    assert len(chosen.chosen.others) == 1


def test_of_those_that_a_scale_suits_the_preferred_one_answers_unless_it_does_not_know_it() -> None:
    picture = image(600, 800, 1.0)
    look, ran = scope(patches=0.9, fields=0.1)
    assert route(picture, BOTH, look).package is PATCH_MODEL
    assert ran == ["patches"], "the second was not needed"
    look, ran = scope(patches=1.1, fields=0.9)
    assert route(picture, BOTH, look).package is FIELD_MODEL
    look, ran = scope(patches=1.1, fields=1.2)
    with pytest.raises(NoModelError, match=r"1\.10.*1\.20"):
        route(picture, BOTH, look)


def test_of_an_unknown_scale_the_closest_answers() -> None:
    look, _ = scope(patches=0.9, fields=0.5)
    assert route(image(230, 350), BOTH, look).package is FIELD_MODEL
    look, _ = scope(patches=0.4, fields=0.5)
    assert route(image(230, 350), BOTH, look).package is PATCH_MODEL


def test_what_the_user_says_and_what_a_name_tells_is_a_scale() -> None:
    look, _ = scope()
    assert route(image(230, 350), BOTH, look, scale_given=0.1).package is FIELD_MODEL
    assert route(image(230, 350), BOTH, look, named=(0.1, "a field")).package is FIELD_MODEL
    with pytest.raises(ImageError, match="the file states"):
        route(image(50, 50, 4.0), BOTH, look, scale_given=0.1)


def test_a_model_for_demonstration_is_offered_and_never_answers() -> None:
    packages = [(PATCH_MODEL, False), (FIELD_MODEL, True)]
    look, _ = scope(patches=0.9, fields=0.5)
    with pytest.raises(NoModelError, match="demonstration") as caught:
        route(image(230, 350), packages, look)
    assert caught.value.offers == (FIELD_MODEL,)
    with pytest.raises(NoModelError) as caught:
        route(image(230, 350, 0.1), packages, look)
    assert caught.value.offers == (FIELD_MODEL,)
    assert caught.value.plausible is None, "its scale is known: there is nothing to ask"
    look, _ = scope(patches=0.4, fields=0.5)
    assert route(image(230, 350), packages, look).package is PATCH_MODEL


def test_where_nobody_knows_it_the_scales_are_named_at_which_somebody_would() -> None:
    def look(_: Package, inputs: np.ndarray) -> tuple[Any, Any]:
        # Noise as fine as a pixel: the more of them are averaged into a tile, the smoother it is.
        fine = inputs[..., 1].std() < 5
        return np.full(len(inputs), 0.8 if fine else 1.5), None

    picture = image(1600, 1600)
    with pytest.raises(NoModelError) as caught:
        route(picture, [(PATCH_MODEL, False)] * 2, look)
    assert 0.25 in caught.value.plausible
    assert 2.5 not in caught.value.plausible


def test_a_model_without_a_scope_test_answers_where_it_is_the_only_one() -> None:
    def look(*_: Any) -> tuple[None, None]:
        return None, None

    picture = image(600, 800, 1.0)
    assert route(picture, BOTH, look).package is PATCH_MODEL
    alone = route(replace(picture), BOTH[:1], look)
    assert alone.chosen.because == "The only model available."


def test_coarser_than_any_model_was_trained_at_is_refused() -> None:
    look, ran = scope()
    with pytest.raises(NoModelError, match="up to 5 µm/px"):
        route(image(500, 500, 8.0), BOTH, look)
    assert ran == []
