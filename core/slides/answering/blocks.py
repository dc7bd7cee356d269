"""The map of an answer as blocks: between two edges of its tiles it has one value."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.imaging.tiles import TileGrid


@dataclass(frozen=True)
class Blocks:
    """A map with one value a block; the first edge is 0, the last one the side of the map."""

    values: NDArray[np.float32]
    """(rows, columns); NaN where there is none."""
    rows: NDArray[np.int64]
    """(rows + 1,) edges, pixels of the map."""
    columns: NDArray[np.int64]
    """(columns + 1,)."""

    def spread(self) -> NDArray[np.float32]:
        """Return the (H', W') map."""
        tall = np.repeat(self.values, np.diff(self.rows), axis=0)
        return np.repeat(tall, np.diff(self.columns), axis=1)


def blocks_of(values: NDArray[np.floating], grid: TileGrid) -> Blocks:
    """Lay tile values over a map: what `core.imaging.tiles.stitch` gives, without its pixels.

    Parameters
    ----------
    values
        (N,) one value a tile; NaN is left out.
    grid
        The tiles, pixels of the map. They may reach over its edge.
    """
    (rows, tops, bottoms), (columns, lefts, rights) = (
        _edges(grid.origins[:, axis], grid.size, side)
        for axis, side in enumerate((grid.height, grid.width))
    )
    total = np.zeros((len(rows) - 1, len(columns) - 1), np.float32)
    count = np.zeros_like(total)
    for at in np.flatnonzero(~np.isnan(values)).tolist():
        block = np.s_[tops[at] : bottoms[at], lefts[at] : rights[at]]
        total[block] += values[at]
        count[block] += 1
    total[count == 0] = np.nan
    return Blocks((total / np.maximum(count, 1)).astype(np.float32), rows, columns)


def on_tissue(blocks: Blocks, tissue: NDArray[np.bool_]) -> Blocks:
    """Return the blocks, NaN where not a pixel of the (H', W') map is tissue."""
    some = np.logical_or.reduceat(tissue, blocks.rows[:-1], axis=0)
    some = np.logical_or.reduceat(some, blocks.columns[:-1], axis=1)
    return Blocks(np.where(some, blocks.values, np.float32(np.nan)), blocks.rows, blocks.columns)


def _edges(
    starts: NDArray[np.int64], size: int, side: int
) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp]]:
    """Return where tiles begin or end along an axis, and the first and last edge of each."""
    ends = np.minimum(starts + size, side)
    edges = np.unique(np.concatenate([[0, side], starts, ends]))
    return edges, np.searchsorted(edges, starts), np.searchsorted(edges, ends)
