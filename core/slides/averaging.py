"""A region of a slide in any size, averaged over areas from pixels of one level.

A slide is a function on a plane: the colour of a level's pixel over the area that it covers, white
outside the slide. A pixel of the result is the mean over its own area, whatever fractions of
stored pixels that cuts; where the result is finer than what is stored, cubic splines go between.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise, product

import cv2
import numpy as np
from numpy.typing import NDArray

from core.slides.source import Level

WHITE = 255
MOST_PIXELS = 1 << 22
"""Of a level that are held at once. Sums of so many fit into 32 bits."""
_NEARLY = 1e-6
_REACH = 2  # px of a cubic spline

ReadLevel = Callable[[int, int, int, int], NDArray[np.uint8]]
"""x, y, width, height in pixels of the level -> (height, width, 3)."""


@dataclass(frozen=True, slots=True)
class _Axis:
    """Pixels of the result along one axis, in pixels of the level."""

    edges: NDArray[np.floating]
    """(count + 1,) of the result's pixels."""
    end: float
    """Of the slide; it begins at 0."""
    stored: int
    """Pixels of the level; the last goes on to the end where that lies beyond."""

    @property
    def step(self) -> float:
        """Pixels of the level that one of the result covers."""
        return float(self.edges[-1] - self.edges[0]) / self.count

    @property
    def count(self) -> int:
        """Pixels of the result."""
        return len(self.edges) - 1

    def needed(self, reach: int = 0) -> tuple[int, int]:
        """First pixel of the level that is needed, and the one after the last."""
        first = min(max(int(np.floor(self.edges[0])) - reach, 0), self.stored)
        stop = min(int(np.ceil(min(self.edges[-1], self.end))) + reach, self.stored)
        if self.edges[0] < self.end:  # the last pixel may be all there is for what lies beyond it
            first = min(first, self.stored - 1)
        return first, max(stop, first + (self.edges[-1] > 0 and self.edges[0] < self.end))

    def part(self, start: int, stop: int) -> "_Axis":
        """Return some pixels of the result."""
        return _Axis(self.edges[start : stop + 1], self.end, self.stored)

    def parts(self, most: int) -> list["_Axis"]:
        """Cut the result into parts of at most so many pixels of the level, or of one pixel."""
        length = max(1, int((most - 1) / max(self.step, 1e-9)))
        cuts = [*range(0, self.count, length), self.count]
        return [self.part(start, stop) for start, stop in pairwise(cuts)]


def read_region(
    read: ReadLevel,
    level: Level,
    extent: tuple[int, int],
    region: tuple[float, float, float, float],
    size: tuple[int, int],
) -> NDArray[np.uint8]:
    """Return (h, w, 3) of a region from one level, of which few more than `MOST_PIXELS` are held.

    Parameters
    ----------
    read
        Of the level, within its bounds.
    level
        Which is read.
    extent
        Width and height of the slide, in pixels of its finest level.
    region
        x, y, width, height, in pixels of the finest level.
    size
        (w, h) of the result.
    """
    x, y, width, height = region
    across = _axis(x, width, size[0], extent[0], level.across, level.width)
    down = _axis(y, height, size[1], extent[1], level.down, level.height)
    if across.step * down.step > MOST_PIXELS:  # one pixel of the result is too much at once
        larger = read_region(read, level, extent, region, (2 * size[0], 2 * size[1]))
        return _resized(larger, size)
    # Strips of whole rows; of very wide ones, parts.
    columns = across.parts(int(MOST_PIXELS / max(down.step, 1)))
    left, right = columns[0].needed()
    rows = down.parts(MOST_PIXELS // max(right - left, 1))
    blocks = [_block(read, column, row) for row, column in product(rows, columns)]
    if len(blocks) == 1:
        return blocks[0]
    lines = [blocks[at : at + len(columns)] for at in range(0, len(blocks), len(columns))]
    return np.concatenate([np.concatenate(line, axis=1) for line in lines])


def _axis(start: float, length: float, count: int, extent: int, step: float, stored: int) -> _Axis:
    edges = (start + np.arange(count + 1) * (length / count)) / step
    near = np.rint(edges)
    edges = np.where(np.abs(edges - near) < _NEARLY, near, edges)
    return _Axis(edges, extent / step, stored)


def _block(read: ReadLevel, across: _Axis, down: _Axis) -> NDArray[np.uint8]:
    finer = min(across.step, down.step) < 1 - _NEARLY
    reach = _REACH if finer else 0
    (left, right), (top, bottom) = across.needed(reach), down.needed(reach)
    if left >= right or top >= bottom:
        return np.full((down.count, across.count, 3), WHITE, np.uint8)
    pixels = read(left, top, right - left, bottom - top)
    if finer:
        return _magnified(pixels, across, down, left, top)
    if _covers(across, left, right) and _covers(down, top, bottom):
        return _resized(pixels, (across.count, down.count))
    return _averaged(pixels, across, down, left, top)


def _covers(axis: _Axis, first: int, stop: int) -> bool:
    """Whether the result is these whole pixels of the level and nothing else."""
    return bool(axis.edges[0] == first and axis.edges[-1] == stop and stop <= axis.end)


def _resized(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    if pixels.shape[1::-1] == size:
        return pixels
    return cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA)


def _averaged(
    pixels: NDArray[np.uint8], across: _Axis, down: _Axis, left: int, top: int
) -> NDArray[np.uint8]:
    """Means over areas by sums from the corner, which between pixels are linear."""
    sums = cv2.integral(np.ascontiguousarray(pixels), sdepth=cv2.CV_32S)
    y, lower = _places(down, top, len(pixels))
    x, righter = _places(across, left, pixels.shape[1])
    rows = sums[y] + lower[:, np.newaxis, np.newaxis] * (sums[y + 1] - sums[y])
    rows = np.diff(rows, axis=0)
    totals = rows[:, x] + righter[:, np.newaxis] * (rows[:, x + 1] - rows[:, x])
    totals = np.diff(totals, axis=1)
    inside = np.outer(np.diff(y + lower), np.diff(x + righter))
    area = across.step * down.step
    means = (totals + WHITE * (area - inside)[..., np.newaxis]) / area
    return np.clip(np.rint(means), 0, WHITE).astype(np.uint8)


def _places(axis: _Axis, first: int, count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Index of the sum before each edge, and how far behind it the edge lies, in pixels."""
    edges = np.clip(axis.edges, 0, axis.end) - first
    before = np.clip(np.floor(edges).astype(np.int64), 0, count - 1)
    return before, np.subtract(edges, before, dtype=np.float64)


def _magnified(
    pixels: NDArray[np.uint8], across: _Axis, down: _Axis, left: int, top: int
) -> NDArray[np.uint8]:
    """Cubic splines between pixels of the level; what lies outside the slide is white."""
    size = (across.count, down.count)
    matrix = np.array(
        [
            [across.step, 0, across.edges[0] + across.step / 2 - 0.5 - left],
            [0, down.step, down.edges[0] + down.step / 2 - 0.5 - top],
        ]
    )
    shown = cv2.warpAffine(
        np.ascontiguousarray(pixels),
        matrix,
        size,
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    inside = [
        (middles >= 0) & (middles < axis.end)
        for axis in (across, down)
        for middles in [(axis.edges[:-1] + axis.edges[1:]) / 2]
    ]
    shown[:, ~inside[0]] = WHITE
    shown[~inside[1]] = WHITE
    return shown
