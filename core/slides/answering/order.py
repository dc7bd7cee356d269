"""In which order tiles are answered: what somebody looks at first, and coarse to fine.

In the first pass every fourth tile of every fourth row is answered, in the second every other one
of every other row, then all. Where tiles overlap by half, those of the second pass lie side by
side: after it the map has no gaps.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.atomic import write_whole
from core.slides.answering.plan import SlidePlan

View = tuple[float, float, float, float]
"""x, y, width, height in pixels of the slide's finest level."""

_STEPS = (4, 2)
_MOST_SIDE, _LEAST_SIDE = 8, 2
_READ_SIDE = 2000  # px of a level that are read at once, about


def write_view(path: Path, view: View) -> None:
    """Say which part of a slide somebody looks at.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    write_whole(path, json.dumps([round(float(value), 1) for value in view]))


def read_view(path: Path) -> View | None:
    """Return the part that somebody looks at; None if nobody said, or it cannot be read."""
    try:
        x, y, width, height = (float(value) for value in json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    return x, y, width, height


class Order:
    """Gives out blocks of tiles that lie together, each tile once.

    Parameters
    ----------
    plan
        Of the slide.
    done
        (N,) which tiles need not be answered any more.
    finer
        Pixels that are read for one of the grid, along an axis.
    """

    def __init__(self, plan: SlidePlan, done: NDArray[np.bool_], finer: float) -> None:
        side = int(_READ_SIDE / (plan.grid.stride * finer))
        side = min(max(side, _LEAST_SIDE), _MOST_SIDE)
        tiles = np.flatnonzero(plan.used & ~done)
        row, column = np.divmod(tiles, plan.columns)
        passes = np.full(len(tiles), len(_STEPS))
        for number, step in reversed(list(enumerate(_STEPS))):
            passes[(row % step == 0) & (column % step == 0)] = number
        # Coarse passes are wider apart: as many of their tiles make up a block.
        spread = np.array([*_STEPS, 1])[passes] * side
        down, across = row // spread, column // spread
        across = np.where(down % 2, across.max(initial=0) - across, across)  # there and back
        keys = np.stack([passes, down, across], axis=1)
        ordered = np.lexsort(keys.T[::-1])
        starts = np.flatnonzero(np.any(np.diff(keys[ordered], axis=0, prepend=-1), axis=1))
        self._blocks = np.split(tiles[ordered], starts[1:]) if len(tiles) else []
        around = [_around(_boxes(plan, block)) for block in self._blocks]
        self._boxes = np.array(around).reshape(-1, 4)
        self._plan = plan
        self._left = np.ones(len(self._blocks), np.bool_)

    def next(self, view: View | None) -> NDArray[np.int64] | None:
        """Return the tiles to answer next, by their index in the grid; None when there are none."""
        left = np.flatnonzero(self._left)
        if not len(left):
            return None
        if view:
            boxes = self._boxes[left]
            for chosen in left[_seen(boxes, view)]:
                tiles = self._blocks[chosen]
                inside = _seen(_boxes(self._plan, tiles), view)
                if inside.any():
                    return self._take(chosen, inside)
        return self._take(left[0], np.ones(len(self._blocks[left[0]]), np.bool_))

    def _take(self, block: np.int64, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Give out some tiles of a block and keep the others."""
        tiles = self._blocks[block]
        left = tiles[~chosen]
        self._left[block] = len(left) > 0
        if len(left):
            self._blocks[block] = left
            self._boxes[block] = _around(_boxes(self._plan, left))
        return tiles[chosen]


def _boxes(plan: SlidePlan, tiles: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n, 4) left, top, right and bottom of tiles, in pixels of the slide."""
    across, down = plan.step
    y, x = plan.grid.origins[tiles].T
    size = plan.grid.size
    sides = x * across, y * down, (x + size) * across, (y + size) * down
    return np.stack(sides, axis=1).astype(np.float64)


def _around(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The box round some."""
    around: NDArray[np.float64] = np.append(boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0))
    return around


def _seen(boxes: NDArray[np.float64], view: View) -> NDArray[np.bool_]:
    """Which boxes a view shows in part."""
    x, y, width, height = view
    left, top, right, bottom = boxes.T
    shown: NDArray[np.bool_] = (left < x + width) & (right > x) & (top < y + height) & (bottom > y)
    return shown
