"""The scale of an image, by hand-computed cases."""

import pytest

from core.datasets.published_scale import scale_by_name
from core.errors import ImageError
from core.inference.tile_size import plan_scale
from core.registry.card import InputSpec

IDC = InputSpec(height=96, width=96, field_um=200, um_per_px_low=0.2, um_per_px_high=5, um_per_px=4)


@pytest.mark.parametrize(
    ("stated", "given", "tile", "state", "in_range"),
    [
        (4.0, None, 50, "stated", True),
        (0.5, None, 400, "stated", True),
        (2.1, 2.0, 100, "given", True),
        (None, 0.25, 800, "given", True),
        (None, None, 50, "unknown", False),
        (0.1, None, 2000, "stated", True),
        (8.0, None, 25, "stated", False),
    ],
)
def test_tile_shows_the_field_of_view(
    stated: float | None, given: float | None, tile: int, state: str, *, in_range: bool
) -> None:
    plan = plan_scale(stated, given, IDC, 1000, 1000)
    assert (plan.tile, plan.state, plan.in_range) == (tile, state, in_range)
    assert plan.um_per_px == (given or stated)


@pytest.mark.parametrize(
    ("height", "width", "one_piece"),
    [(50, 50, True), (75, 75, True), (20, 30, True), (76, 50, False), (50, 76, False)],
)
def test_up_to_one_and_a_half_tiles_are_one_piece(
    height: int, width: int, *, one_piece: bool
) -> None:
    assert plan_scale(4.0, None, IDC, height, width).one_piece is one_piece


@pytest.mark.parametrize("given", [0.0, -1.0, 0.04, 21.0, float("nan"), float("inf")])
def test_a_senseless_scale_is_refused(given: float) -> None:
    with pytest.raises(ImageError, match=r"must be from 0\.05 to 20"):
        plan_scale(None, given, IDC, 100, 100)


@pytest.mark.parametrize(("stated", "given"), [(0.5, 4.0), (4.0, 0.5), (1.0, 1.11)])
def test_a_scale_that_contradicts_the_file_is_refused(stated: float, given: float) -> None:
    with pytest.raises(ImageError, match=f"given as {given:g} µm/px, .* states {stated:g} µm/px"):
        plan_scale(stated, given, IDC, 100, 100)


def test_a_scale_that_leaves_nothing_to_see_is_refused() -> None:
    small = IDC.model_copy(update={"field_um": 20.0})
    with pytest.raises(ImageError, match="only 2 pixels"):
        plan_scale(10.0, None, small, 100, 100)


def test_a_magnification_given_as_a_scale_is_asked_back() -> None:
    with pytest.raises(ImageError, match=r"did you mean 40×, 0\.25 µm/px"):
        plan_scale(None, 40.0, IDC, 100, 100)


@pytest.mark.parametrize(
    ("um_per_px", "trained_tile", "shrink"),
    [(0.25, 50, 1 / 16), (1.0, 50, 0.25), (4.0, 50, 1.0), (5.0, 40, 1.0), (None, 50, 1.0)],
)
def test_finer_images_are_brought_to_the_scale_of_training(
    um_per_px: float | None, trained_tile: int, shrink: float
) -> None:
    plan = plan_scale(um_per_px, None, IDC, 4000, 4000)
    assert plan.trained_tile == trained_tile
    assert plan.shrink == pytest.approx(shrink)


def test_the_reason_why_a_stated_scale_is_not_used_is_given() -> None:
    plan = plan_scale(None, None, IDC, 9, 9, unusable="states 499 µm/px, too much")
    assert plan.message.startswith("The file states 499 µm/px, too much, so 4 µm/px is assumed")
    assert "does not state" not in plan.message


def test_pixels_that_are_not_square_are_never_in_range() -> None:
    plan = plan_scale(None, 4.0, IDC, 9, 9, unusable="states pixels of 4 × 8", square_pixels=False)
    assert not plan.in_range
    assert "distorted" in plan.message


def test_messages_say_what_is_known_and_what_is_wrong() -> None:
    assert "does not state its scale" in plan_scale(None, None, IDC, 9, 9).message
    assert "do not rely" in plan_scale(8.0, None, IDC, 9, 9).message
    both = plan_scale(3.8, 4.0, IDC, 9, 9).message
    assert "given as 4 µm/px (the file states 3.8)" in both
    assert "up to 5 µm/px" in plan_scale(4.0, None, IDC, 9, 9).message


FIELDS = InputSpec(
    height=224,
    width=224,
    field_um=92,
    other_fields_um=(23, 46, 225),
    um_per_px=0.4,
    um_per_px_low=0.04,
    um_per_px_high=1.2,
    fit="crops",
)


@pytest.mark.parametrize(
    ("um_per_px", "height", "width", "tile"),
    [
        (0.49, 460, 700, 459),  # 40X of BreaKHis: 225 µm
        (0.20, 460, 700, 460),
        (0.05, 460, 700, 460),
        (0.05, 456, 700, 460),  # a few are 456 px tall
        (0.40, 230, 350, 230),  # 100X at half size
        (0.20, 4600, 7000, 1125),  # larger than any field: the largest
        (0.20, 100, 100, 115),  # 20 µm, smaller than any field: the smallest
        (None, 460, 700, 460),  # unknown: a whole camera field
        (None, 4, 9, 8),
    ],
)
def test_of_several_fields_the_largest_is_taken_that_the_image_holds(
    um_per_px: float | None, height: int, width: int, tile: int
) -> None:
    plan = plan_scale(um_per_px, None, FIELDS, height, width)
    assert plan.tile == tile
    assert plan.in_range is (um_per_px is not None)
    assert plan.one_piece is (max(height, width) <= 1.5 * tile)
    if um_per_px is None:
        assert "whole microscope field" in plan.message


def test_squashed_fields_are_always_one_piece() -> None:
    spec = FIELDS.model_copy(update={"fit": "squash"})
    assert plan_scale(0.2, None, spec, 460, 700).one_piece
    assert plan_scale(0.2, None, spec, 4600, 7000).one_piece


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("picture.png", "sized"),
        ("10253_idx5_x1001_y1001_class0.png", "named"),
        ("SOB_B_A-14-22549AB-100-001.png", "unknown"),  # of another shape than its name says
    ],
)
def test_a_scale_from_the_size_alone_is_told_from_one_by_the_name(name: str, state: str) -> None:
    plan = plan_scale(None, None, IDC, 50, 50, named=scale_by_name(name, 50, 50))
    assert plan.state == state
    assert plan.um_per_px == (None if state == "unknown" else 4.0)
