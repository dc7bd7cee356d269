"""Which part of an image is explained: all of it, or one tile of a larger one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.imaging.resize import resize, shrink
from core.imaging.tiles import TileGrid, cut, tile_means
from core.inference.tile_size import ScalePlan
from core.inference.tiled import plan_tiles
from core.registry.card import InputSpec

MOST_PIECES = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an image that is one input of the network, in pixels of the image.

    A tile reaches beyond an image that is shorter than it: there the image is reflected.
    """

    top: int
    left: int
    height: int
    width: int
    shrink: float = 1.0
    """Factor that brings it to the scale of training, as for the answer."""

    def of(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Cut the piece out of its image (H, W, 3): (height, width, 3)."""
        height, width = pixels.shape[:2]
        if (self.height, self.width) == (height, width):
            return pixels
        origin = np.array([[self.top, self.left]])
        return cut(pixels, TileGrid(height, width, self.height, self.height, origin))[0]

    def inputs(self, pixels: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
        """Return the piece as the network sees it: (1, h, w, 3)."""
        trained = shrink(self.of(pixels), self.shrink)
        return resize(trained, spec.height, spec.width)[np.newaxis]


def pieces_of(
    pixels: NDArray[np.uint8], scale: ScalePlan, heatmap: NDArray[np.float32]
) -> list[Piece]:
    """List what can be explained of an image, the most evident piece first.

    Parameters
    ----------
    pixels
        (H, W, 3) RGB.
    scale
        How large a tile is, and whether the image is one.
    heatmap
        (h, w) of the answer, over the whole image; NaN where there is no tissue.

    Returns
    -------
    list of Piece
        The whole image if it is one input; else up to 8 tiles where the heatmap is warmest on
        average, none overlapping an earlier one by more than half of its side.
    """
    height, width = pixels.shape[:2]
    if scale.one_piece:
        return [Piece(0, 0, height, width, scale.shrink)]
    plan = plan_tiles(pixels, scale.tile)
    grid = plan.grid
    warmth = _warmth(heatmap, grid)
    warmth[~plan.used | np.isnan(warmth)] = -1
    chosen: list[NDArray[np.int64]] = []
    for index in np.argsort(-warmth, kind="stable"):
        if warmth[index] < 0 and chosen:
            break
        apart = [np.abs(grid.origins[index] - other).max() * 2 >= grid.size for other in chosen]
        if all(apart):
            chosen.append(grid.origins[index])
        if len(chosen) == MOST_PIECES:
            break
    return [Piece(int(top), int(left), grid.size, grid.size, scale.shrink) for top, left in chosen]


def _warmth(heatmap: NDArray[np.float32], grid: TileGrid) -> NDArray[np.float64]:
    """Mean of the heatmap under each tile; NaN where it says nothing."""
    rows, columns = heatmap.shape
    share = rows / grid.height, columns / grid.width
    size = max(1, round(grid.size * share[0]))
    last = np.maximum(np.array([rows, columns]) - size, 0)
    origins = np.minimum(np.rint(grid.origins * share).astype(np.int64), last)
    return tile_means(heatmap, TileGrid(rows, columns, size, size, origins))
