"""Slides lie on the map as web maps define it, and distances on it are true."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.slides.frame import FINEST, TILE, fit_zoom, lon_lat, place, tile_origin

EARTH = 6378137.0  # metres, the radius that Mercator's map takes
SIDES = st.integers(0, 300_000)


@given(SIDES, SIDES)
def test_there_and_back_again(x: int, y: int) -> None:
    assert place(*lon_lat(x, y)) == pytest.approx((x, y), abs=1e-4)


@given(SIDES, SIDES, st.integers(10, FINEST))
def test_a_place_is_on_the_tile_that_web_maps_say(x: int, y: int, z: int) -> None:
    longitude, latitude = lon_lat(x + 0.5, y + 0.5)
    # https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames
    column = math.floor((longitude + 180) / 360 * 2**z)
    angle = math.radians(latitude)
    row = math.floor((1 - math.asinh(math.tan(angle)) / math.pi) / 2 * 2**z)
    left, top, downsample = tile_origin(z, column, row)
    assert downsample == 2 ** (FINEST - z)
    assert left <= x < left + TILE * downsample
    assert top <= y < top + TILE * downsample


@given(SIDES, SIDES)
def test_a_pixel_is_as_long_everywhere(x: int, y: int) -> None:
    """On the sphere, one way and the other, within three millionths."""
    (west, north), (east, south) = lon_lat(x, y), lon_lat(x + 1000, y + 1000)
    pixel = 2 * math.pi * EARTH / (TILE * 2**FINEST)
    across = math.radians(east - west) * EARTH * math.cos(math.radians(north))
    down = math.radians(north - south) * EARTH
    assert across == pytest.approx(1000 * pixel, rel=3e-6)
    assert down == pytest.approx(1000 * pixel, rel=3e-6)


def test_a_slide_fits_by_its_longer_side() -> None:
    assert fit_zoom(8000, 100, 1000, 500) == FINEST - 1 - 3
    assert fit_zoom(100, 8000, 1000, 500) == FINEST - 1 - 4
