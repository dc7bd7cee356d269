"""Tiles of a slide as inputs of a network."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import SlideError
from core.imaging.resize import resize
from core.imaging.tiles import cut
from core.slides.answering.plan import SlidePlan
from core.slides.slide import Slide

_APART = 2.0
"""Where what lies around tiles has so much more area than they have, each is read alone."""


class TileInputs(NamedTuple):
    """Tiles that could be read, and those that could not."""

    tiles: NDArray[np.int64]
    """(n,) index in the grid."""
    pixels: NDArray[np.uint8]
    """(n, h, w, 3) of the network's size."""
    unreadable: NDArray[np.int64]


def read_tiles(slide: Slide, plan: SlidePlan, tiles: NDArray[np.int64]) -> TileInputs:
    """Read tiles that lie together.

    The slide is brought to the scale of training by area averaging; then each tile is cut and
    resized by itself, as those of an image are.
    """
    spec = plan.card.input
    origins = plan.grid.origins[tiles]
    spans = origins.max(axis=0) - origins.min(axis=0) + plan.grid.size
    if len(tiles) > 1 and spans.prod() > _APART * len(tiles) * plan.grid.size**2:
        return _each(slide, plan, tiles)
    try:
        pixels = _read(slide, plan, origins)
    except SlideError:
        if len(tiles) > 1:
            return _each(slide, plan, tiles)
        return TileInputs(tiles[:0], np.empty((0, spec.height, spec.width, 3), np.uint8), tiles)
    inputs = np.stack([resize(tile, spec.height, spec.width) for tile in pixels])
    return TileInputs(tiles, inputs, tiles[:0])


def _each(slide: Slide, plan: SlidePlan, tiles: NDArray[np.int64]) -> TileInputs:
    parts = [read_tiles(slide, plan, tiles[at : at + 1]) for at in range(len(tiles))]
    return TileInputs(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _read(slide: Slide, plan: SlidePlan, origins: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return (n, size, size, 3) at the scale of training."""
    grid = plan.grid
    top, left = origins.min(axis=0)
    bottom = min(int(origins[:, 0].max()) + grid.size, grid.height)
    right = min(int(origins[:, 1].max()) + grid.size, grid.width)
    across, down = plan.step
    width, height = int(right - left), int(bottom - top)
    place = left * across, top * down, width * across, height * down
    pixels = slide.read(*place, (width, height))
    part = replace(grid, height=height, width=width, origins=origins - (top, left))
    return cut(pixels, part)
