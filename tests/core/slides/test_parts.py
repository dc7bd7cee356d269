"""A part of a slide comes with the pixels and the scale that a model needs."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.errors import SlideError
from core.registry.card import InputSpec
from core.slides.parts import field_around, field_side_um, read_part
from core.slides.slide import Slide, open_slide
from core.slides.stated_scale import scale_of, state_scale
from tests.made_slides import Pixels, section, write_tiff

SIDE = 800
PATCHES = InputSpec(
    height=32, width=32, field_um=200, um_per_px_low=3, um_per_px_high=5, um_per_px=4.0
)
FIELDS = InputSpec(
    height=32,
    width=32,
    field_um=92,
    um_per_px_low=0.04,
    um_per_px_high=1.2,
    um_per_px=0.4,
    other_fields_um=(23, 225.4),
    fit="crops",
)


@pytest.fixture(scope="module")
def made() -> Pixels:
    return section(SIDE, SIDE, seed=3)


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory, made: Pixels) -> Iterator[Slide]:
    file = write_tiff(tmp_path_factory.mktemp("parts") / "made.tif", [made], tile=64)
    with open_slide(file) as opened:
        yield opened


def test_the_field_suits_the_model() -> None:
    assert field_side_um(PATCHES) == 800
    assert field_side_um(FIELDS) == 225.4


def test_a_field_is_moved_onto_the_slide() -> None:
    assert field_around(50, 400, 200, (SIDE, SIDE))[0] == (0, 300)
    assert field_around(790, 400, 200, (SIDE, SIDE))[2] == (800, 500)
    assert field_around(400, 400, 2000, (SIDE, SIDE)) == ((0, 0), (800, 0), (800, 800), (0, 800))


def test_a_box_is_read_as_it_is(slide: Slide, made: Pixels) -> None:
    corners = field_around(300, 300, 200, (SIDE, SIDE))
    part = read_part(slide, corners, 1.0, PATCHES)
    assert part.um_per_px == 1.0, "no finer than the slide is"
    np.testing.assert_array_equal(part.pixels[1:-1, 1:-1], made[201:399, 201:399])
    assert (part.x, part.y, part.width) == (200, 200, 200)


def test_a_large_one_is_shrunk_to_the_scale_of_the_model(slide: Slide) -> None:
    everything = ((0.0, 0.0), (800.0, 0.0), (800.0, 800.0), (0.0, 800.0))
    part = read_part(slide, everything, 2.5, PATCHES)
    assert part.pixels.shape == (800, 800, 3), "eyes see all that there is"
    part = read_part(slide, everything, 2.5, FIELDS)
    assert part.pixels.shape == (800, 800, 3)
    part = read_part(slide, everything, 0.05, PATCHES.model_copy(update={"um_per_px": 0.2}))
    assert part.pixels.shape == (800, 800, 3)


def test_outside_a_lasso_is_glass(slide: Slide, made: Pixels) -> None:
    part = read_part(slide, ((100.0, 100.0), (300.0, 100.0), (100.0, 300.0)), 1.0, PATCHES)
    assert (part.pixels[150:, 150:] == 255).all()
    np.testing.assert_array_equal(part.pixels[:80, :80], made[100:180, 100:180])


def test_nothing_and_too_much_are_refused(slide: Slide, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SlideError, match="Nothing of this region lies on the slide"):
        read_part(slide, ((-50.0, 0.0), (-10.0, 0.0), (-10.0, 90.0)), 1.0, PATCHES)
    monkeypatch.setattr("core.slides.parts.MOST_PIXELS", 1000)
    with pytest.raises(SlideError, match=r"This region has 200 × 200 px at the model's scale"):
        read_part(slide, field_around(300, 300, 200, (SIDE, SIDE)), 1.0, PATCHES)


def test_what_a_user_says_of_the_scale_is_remembered(
    slide: Slide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOBULE_HOME", str(tmp_path))
    assert scale_of(slide.info) is None
    state_scale(slide.info.fingerprint, 0.25)
    assert scale_of(slide.info) == 0.25
    with pytest.raises(SlideError, match=r"50 µm/px is no scale of a slide: expected 0.05 to 20"):
        state_scale(slide.info.fingerprint, 50)
    (kept,) = (tmp_path / "slides" / "scales").iterdir()
    kept.write_text("{")
    assert scale_of(slide.info) is None
