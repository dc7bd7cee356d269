"""A region in any size is the mean over areas, to the pixel's fraction, and white outside."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.slides import averaging
from core.slides.averaging import read_region
from core.slides.source import Level, levels_of
from tests.made_slides import Pixels, pyramid, section

PIXELS = section(83, 61)
HEIGHT, WIDTH = PIXELS.shape[:2]


def of(pixels: Pixels) -> averaging.ReadLevel:
    """Read a level that is in memory; what lies outside it must not be asked for."""

    def read(x: int, y: int, width: int, height: int) -> Pixels:
        assert 0 <= x < x + width <= pixels.shape[1]
        assert 0 <= y < y + height <= pixels.shape[0]
        return pixels[y : y + height, x : x + width]

    return read


def region(
    pixels: Pixels, x: float, y: float, width: float, height: float, size: tuple[int, int]
) -> Pixels:
    level = levels_of([(WIDTH, HEIGHT), (pixels.shape[1], pixels.shape[0])])[-1]
    return read_region(of(pixels), level, (WIDTH, HEIGHT), (x, y, width, height), size)


def means(x: float, y: float, width: float, height: float, size: tuple[int, int]) -> np.ndarray:
    """The mean over each area by the overlap of every pair of pixels."""

    def overlaps(start: float, length: float, count: int, stored: int) -> np.ndarray:
        edges = start + np.arange(count + 1) * length / count
        cells = np.arange(stored)
        low = np.maximum(edges[:-1, np.newaxis], cells)
        high = np.minimum(edges[1:, np.newaxis], cells + 1)
        return np.maximum(high - low, 0) * count / length

    rows, columns = overlaps(y, height, size[1], HEIGHT), overlaps(x, width, size[0], WIDTH)
    inside = np.einsum("ikc,lk->ilc", np.tensordot(rows, PIXELS.astype(float), 1), columns)
    share = np.outer(rows.sum(axis=1), columns.sum(axis=1))
    return inside + 255 * (1 - share)[..., np.newaxis]


@given(
    st.integers(-20, 90), st.integers(-20, 70), st.integers(1, 90), st.integers(1, 90), st.data()
)
def test_whole_pixels_are_averaged_as_opencv_does(
    x: int, y: int, width: int, height: int, data: st.DataObject
) -> None:
    size = data.draw(st.tuples(st.integers(1, width), st.integers(1, height)))
    padded = np.full((HEIGHT + 200, WIDTH + 200, 3), 255, np.uint8)
    padded[100 : 100 + HEIGHT, 100 : 100 + WIDTH] = PIXELS
    part = padded[100 + y : 100 + y + height, 100 + x : 100 + x + width]
    expected = cv2.resize(part, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], 3)
    got = region(PIXELS, x, y, width, height, size)
    assert got.shape == expected.shape
    assert np.abs(got.astype(int) - expected).max() <= 1


@given(st.floats(-20, 90), st.floats(-20, 70), st.floats(0.5, 120), st.floats(0.5, 120), st.data())
def test_fractions_of_pixels_count_by_their_area(
    x: float, y: float, width: float, height: float, data: st.DataObject
) -> None:
    largest = max(1, int(width)), max(1, int(height))
    size = data.draw(st.tuples(st.integers(1, largest[0]), st.integers(1, largest[1])))
    if width < size[0] or height < size[1]:
        return  # finer than what is stored
    got = region(PIXELS, x, y, width, height, size)
    assert np.abs(got - means(x, y, width, height, size)).max() <= 0.51


def test_blocks_give_what_one_piece_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = region(PIXELS, -3.5, 2.25, 80, 62, (11, 9))
    held: list[int] = []
    read = of(PIXELS)

    def watched(x: int, y: int, width: int, height: int) -> Pixels:
        held.append(width * height)
        return read(x, y, width, height)

    monkeypatch.setattr(averaging, "MOST_PIXELS", 200)
    level = Level(WIDTH, HEIGHT, 1, 1)
    got = read_region(watched, level, (WIDTH, HEIGHT), (-3.5, 2.25, 80, 62), (11, 9))
    assert np.array_equal(got, whole)
    assert len(held) > 10
    assert max(held) <= 300  # blocks reach over their edges


def test_a_pixel_that_covers_more_than_is_held_is_made_in_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(averaging, "MOST_PIXELS", 200)
    got = region(PIXELS, 0, 0, WIDTH, HEIGHT, (2, 1))
    assert np.abs(got - means(0, 0, WIDTH, HEIGHT, (2, 1))).max() <= 1.5


def test_a_level_rounded_down_reaches_to_the_slides_edge() -> None:
    """83 px in steps of 4 are 20 of them and three quarters: the last goes on."""
    coarse = pyramid(PIXELS, 2, 4)[1]
    assert coarse.shape[1] == 20
    got = region(coarse, 80, 0, 8, 60, (2, 15))
    assert np.array_equal(got[:, 0], np.rint(coarse[:, -1] * 0.75 + 255 * 0.25).astype(np.uint8))
    assert (got[:, 1] == 255).all()


def test_a_level_rounded_up_does_not_show_what_lies_behind_the_edge() -> None:
    coarse = np.zeros((16, 21, 3), np.uint8)
    got = read_region(of(coarse), Level(21, 16, 4.0, 4.0), (WIDTH, HEIGHT), (80, 0, 4, 60), (1, 15))
    assert (got == 64).all()  # a quarter of it is white: 255 / 4


def test_magnified_pixels_keep_their_place() -> None:
    dot = np.full((9, 9, 3), 255, np.uint8)
    dot[4, 6] = 0
    level = Level(9, 9, 1, 1)
    got = read_region(of(dot), level, (9, 9), (0, 0, 9, 9), (90, 90))
    darkest = np.argwhere(got[..., 0] == got.min()).mean(axis=0)
    assert darkest == pytest.approx([44.5, 64.5], abs=0.6)
    beyond = read_region(of(dot), level, (9, 9), (8, 8, 2, 2), (20, 20))
    assert (beyond[10:] == 255).all()
    assert (beyond[:, 10:] == 255).all()


@pytest.mark.parametrize("place", [(-50, 0), (0, -50), (83, 0), (0, 61), (500, 500)])
def test_outside_all_is_white(place: tuple[int, int]) -> None:
    for size in ((5, 5), (40, 40), (200, 200)):
        assert (region(PIXELS, *place, 50, 50, size) == 255).all()


@pytest.mark.parametrize(
    ("sizes", "steps"),
    [
        ([(300, 250), (150, 125), (75, 62), (37, 31)], [1, 2, 4, 8]),
        ([(1001, 999), (501, 500), (251, 250), (126, 125)], [1, 2, 4, 8]),
        ([(46000, 32914), (11500, 8228), (2875, 2057)], [1, 4, 16]),
        ([(4443, 3567), (2221, 1783)], [1, 2]),
    ],
)
def test_steps_are_whole_numbers_where_sides_were_rounded(
    sizes: list[tuple[int, int]], steps: list[int]
) -> None:
    assert [(level.across, level.down) for level in levels_of(sizes)] == [(s, s) for s in steps]


def test_steps_that_are_no_whole_numbers_stay() -> None:
    level = levels_of([(1000, 800), (300, 240)])[1]
    assert (level.across, level.down) == pytest.approx((10 / 3, 10 / 3))
