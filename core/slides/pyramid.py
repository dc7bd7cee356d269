"""The tiles that the viewer shows: 256 px squares of a slide at every power of two."""

from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import SlideError
from core.imaging.overlay import encode_png
from core.slides.byte_cache import ByteCache
from core.slides.frame import TILE, tile_origin
from core.slides.piecewise import GREY, read_pieces, whole_slide
from core.slides.slide import Slide

CACHE_BYTES = 256_000_000
"""Of encoded tiles, some 15,000, and as much again of the pixels that coarse tiles are made of."""
QUALITY = 85
# Over so many pixels of the slide's next finer level, a tile is put together from its quarters,
# which the browser will ask for anyway: slides with few levels would else be read again and again.
_MOST_READ = 4 * TILE
_PATIENCE = 64  # squares of one tile that cannot be read, before the rest is not tried

_encoded: ByteCache[bytes] = ByteCache(CACHE_BYTES, len)
_pixels: ByteCache[NDArray[np.uint8]] = ByteCache(CACHE_BYTES, lambda pixels: pixels.nbytes)
_damaged: set[str] = set()
"""Fingerprints of slides of which something could not be read."""
BLANK = cv2.imencode(".jpg", np.full((TILE, TILE, 3), 255, np.uint8))[1].tobytes()
"""Of what lies outside a slide: white, as the glass."""


def tile(slide: Slide, z: int, x: int, y: int) -> bytes:
    """Return a tile as JPEG; white where it reaches over the slide's edge, hatched where damaged.

    Parameters
    ----------
    slide
        Open.
    z, x, y
        As in the address of a map's tile (`core.slides.frame`).

    Raises
    ------
    SlideError
        If nothing of the slide can be read there.
    """
    left, top, downsample = tile_origin(z, x, y)
    if not _touches(slide, left, top, downsample):
        return BLANK
    key = (slide.info.fingerprint, z, x, y)
    cached = _encoded.get(key)
    if cached is not None:
        return cached
    pixels = _tile_pixels(slide, left, top, downsample, [_PATIENCE]).copy()
    pixels[~on_slide(slide, z, x, y)] = 255  # a part that cannot be read may reach over the edge
    return _encoded.put(key, _jpeg(pixels))


def on_slide(slide: Slide, z: int, x: int, y: int) -> NDArray[np.bool_]:
    """Return which pixels of a tile lie on the slide, (256, 256)."""
    left, top, downsample = tile_origin(z, x, y)
    starts = np.arange(TILE) * downsample
    columns, rows = left + starts, top + starts
    across = (columns + downsample > 0) & (columns < slide.info.width)
    down = (rows + downsample > 0) & (rows < slide.info.height)
    return np.logical_and.outer(down, across)


def thumbnail(slide: Slide, longest: int) -> bytes:
    """Return a picture of a whole slide as JPEG, its longer side `longest` px at most.

    Raises
    ------
    SlideError
        If nothing of the slide can be read.
    """
    key = (slide.info.fingerprint, longest)
    cached = _encoded.get(key)
    if cached is not None:
        return cached
    whole = whole_slide(slide, longest)
    if whole.unread.any():
        _damaged.add(slide.info.fingerprint)
    return _encoded.put(key, _jpeg(whole.pixels))


def damage_words(slide: Slide, longest: int) -> str:
    """Say that parts of a slide cannot be read; empty where none is known of.

    Known are those that a picture of the whole slide shows, and those somebody has looked at.

    Parameters
    ----------
    slide
        Open.
    longest
        Of the picture, px: as `thumbnail`.
    """
    try:
        thumbnail(slide, longest)
    except SlideError as error:
        return str(error)
    if slide.info.fingerprint not in _damaged:
        return ""
    return (
        f"Parts of {slide.info.name} cannot be read: the file is damaged there. They are hatched "
        "here and not answered; the rest is. Copy the slide again from the scanner."
    )


def unreadable_tile(on_slide: NDArray[np.bool_] | None = None) -> bytes:
    """Return the tile, as PNG, that stands where a slide is damaged: hatched, with words.

    Parameters
    ----------
    on_slide
        (256, 256) which of its pixels lie on the slide; the others are white. None for all.
    """
    pixels = _hatched()
    for row, words in enumerate(("damaged:", "cannot be read")):
        place = (64, 120 + 26 * row)
        cv2.putText(pixels, words, place, cv2.FONT_HERSHEY_SIMPLEX, 0.55, (60, 60, 60), 1)
    if on_slide is not None:
        pixels[~on_slide] = 255
    return encode_png(pixels)


def _hatched() -> NDArray[np.uint8]:
    """(256, 256, 3) of what is damaged."""
    pixels = np.full((TILE, TILE, 3), GREY, np.uint8)
    for start in range(-TILE, TILE, 24):
        cv2.line(pixels, (start, TILE), (start + TILE, 0), (200, 200, 200), 2)
    return pixels


def _tile_pixels(
    slide: Slide, left: int, top: int, downsample: int, patience: list[int]
) -> NDArray[np.uint8]:
    """Return the (256, 256, 3) RGB pixels of a tile: read, or its quarters shrunk by two.

    What cannot be read is hatched; where more than a few squares cannot, all of it fails.
    """
    side = TILE * downsample
    finer = max(level for level in (1.0, *slide.info.downsamples) if level <= downsample)
    if side / finer <= _MOST_READ:
        return _read(slide, left, top, side, patience)
    key = (slide.info.fingerprint, left, top, downsample)
    cached = _pixels.get(key)
    if cached is not None:
        return cached
    half = downsample // 2
    quarters = np.full((2 * TILE, 2 * TILE, 3), 255, np.uint8)
    whole, failure = 0, None
    for row, column in product((0, 1), repeat=2):
        quarter = left + column * TILE * half, top + row * TILE * half
        if not _touches(slide, *quarter, half):
            continue
        area = np.s_[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        try:
            quarters[area] = _tile_pixels(slide, *quarter, half, patience)
            whole += 1
        except SlideError as error:
            if patience[0] <= 0:
                raise
            quarters[area], failure = _hatched(), error
    if failure is not None and not whole:
        raise failure
    shrunk = cv2.resize(quarters, (TILE, TILE), interpolation=cv2.INTER_AREA)
    return _pixels.put(key, shrunk.astype(np.uint8))


def _read(slide: Slide, left: int, top: int, side: int, patience: list[int]) -> NDArray[np.uint8]:
    """Return (256, 256, 3) RGB of a square, hatched where it cannot be read."""
    try:
        return slide.read(left, top, side, side, (TILE, TILE))
    except SlideError:
        _damaged.add(slide.info.fingerprint)
        patience[0] -= 1
        if patience[0] <= 0:
            raise
        pieces = read_pieces(slide, left, top, side, side, (TILE, TILE))
        if pieces.unread.all():
            raise
    return np.where(pieces.unread[..., np.newaxis], _hatched(), pieces.pixels)


def _touches(slide: Slide, left: int, top: int, downsample: int) -> bool:
    """Whether any of a tile lies on the slide."""
    side = TILE * downsample
    info = slide.info
    return left < info.width and top < info.height and left + side > 0 and top + side > 0


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """Encode (h, w, 3) RGB pixels."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    return cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), quality)[1].tobytes()
