"""Tiles are those of OpenSlide's own pyramid, and stay in bounded memory."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from openslide import OpenSlide
from openslide.deepzoom import DeepZoomGenerator
from PIL import Image

from core.slides import pyramid as pyramids
from core.slides.byte_cache import ByteCache
from core.slides.frame import FINEST
from core.slides.pyramid import BLANK, thumbnail, tile
from core.slides.slide import Slide, open_slide
from tests.made_slides import pyramid, section, write_tiff

WIDTH, HEIGHT = 1500, 1100


@pytest.fixture(scope="module", params=[1, 3], ids=["one level", "three levels"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    levels = pyramid(section(WIDTH, HEIGHT, seed=2), request.param)
    file = tmp_path_factory.mktemp("pyramid") / "made.svs"
    return write_tiff(file, levels, kind="svs", um_per_px=0.5, tile=256)


@pytest.fixture
def slide(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slide]:
    monkeypatch.setattr(pyramids, "_encoded", ByteCache(10_000_000, len))
    with open_slide(path) as opened:
        yield opened


def decoded(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")).astype(float)


def address(power: int, column: int, row: int) -> tuple[int, int, int]:
    """Of a tile whose pixels are 2^power of the slide's wide."""
    z = FINEST - power
    return z, 2 ** (z - 1) + column, 2 ** (z - 1) + row


@pytest.mark.parametrize(("power", "column", "row"), [(0, 1, 2), (1, 0, 1), (2, 0, 0), (2, 1, 1)])
def test_a_tile_is_that_of_openslide(
    slide: Slide, path: Path, power: int, column: int, row: int
) -> None:
    with OpenSlide(path) as same:
        deep = DeepZoomGenerator(same, tile_size=256, overlap=0)
        expected = np.asarray(deep.get_tile(deep.level_count - 1 - power, (column, row)))
    shown = decoded(tile(slide, *address(power, column, row)))
    height, width = expected.shape[:2]
    difference = np.abs(shown[:height, :width] - expected)
    # JPEG, and another filter where OpenSlide shrinks.
    assert difference.mean() < 8
    assert np.abs(difference.mean(axis=(0, 1))).max() < 8
    assert shown[height + 16 :].mean() > 253 if height < 240 else True


def test_a_coarse_tile_is_made_of_its_quarters(
    slide: Slide, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = decoded(tile(slide, *address(3, 0, 0)))
    monkeypatch.setattr(pyramids, "_MOST_READ", 256)
    monkeypatch.setattr(pyramids, "_encoded", ByteCache(10_000_000, len))
    assert np.abs(decoded(tile(slide, *address(3, 0, 0))) - whole).mean() < 1.5


def test_outside_is_glass(slide: Slide) -> None:
    assert tile(slide, *address(0, -1, 0)) == BLANK
    assert tile(slide, *address(0, 6, 0)) == BLANK
    assert tile(slide, 1, 0, 0) == BLANK
    assert (decoded(BLANK) == 255).all()


def test_a_tile_is_read_once(slide: Slide, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tile(slide, *address(0, 0, 0)), thumbnail(slide, 100)
    monkeypatch.setattr(Slide, "read", None)
    assert (tile(slide, *address(0, 0, 0)), thumbnail(slide, 100)) == first
    assert decoded(first[1]).shape == (73, 100, 3)


def test_a_cache_holds_the_latest_that_fit() -> None:
    cache = ByteCache[bytes](10, len)
    for name in "abc":
        cache.put(name, b"1234")
    assert [cache.get(name) for name in "abc"] == [None, b"1234", b"1234"]
    cache.get("b")
    cache.put("d", b"1234")
    assert [cache.get(name) for name in "bcd"] == [b"1234", None, b"1234"]
    cache.put("d", b"1")
    assert cache.held_bytes == 5
    cache.put("large", b"12345678901")
    assert (cache.get("large"), cache.held_bytes) == (None, 0)
