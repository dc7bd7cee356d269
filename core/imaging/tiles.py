"""Large images as a grid of overlapping square tiles, and tile values as a map again."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import ImageError

# Images whose sides differ by no more than this lose little by being made square.
NEARLY_SQUARE = 1.25


@dataclass(frozen=True, slots=True)
class TileGrid:
    """Where the tiles of an image lie.

    To work on some tiles only, give a copy with fewer `origins` (`dataclasses.replace`).
    """

    height: int
    """Height of the image, pixels."""
    width: int
    """Width of the image, pixels."""
    size: int
    """Side of a tile, pixels."""
    stride: int
    """Pixels from one tile to the next; the last tile of an axis is shifted inwards instead."""
    origins: NDArray[np.int64]
    """(N, 2) y and x of each tile's top left pixel, row by row."""


def tile_grid(height: int, width: int, size: int, stride: int) -> TileGrid:
    """Lay tiles over an image so that every pixel is covered and no tile leaves the image.

    An axis shorter than a tile gets one tile, which starts at 0 and reaches into the reflected
    image (see `cut`).

    Raises
    ------
    ImageError
        If a length is under 1 px, or the stride leaves gaps between tiles.
    """
    if min(height, width, size, stride) < 1 or stride > size:
        raise ImageError(
            f"Tiles of {size} px every {stride} px cannot cover an image of {width}×{height} px: "
            "lengths must be at least 1 px and the step at most the tile. Check the image's scale."
        )
    rows, columns = _starts(height, size, stride), _starts(width, size, stride)
    origins = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    return TileGrid(height, width, size, stride, origins)


def cut(pixels: NDArray[np.uint8], grid: TileGrid) -> NDArray[np.uint8]:
    """Cut an image into its tiles.

    Parameters
    ----------
    pixels
        (H, W, C) image of the grid's size; an axis shorter than a tile is continued by reflection.
    grid
        From `tile_grid`.

    Returns
    -------
    NDArray[np.uint8]
        (N, size, size, C).
    """
    source = _reflect(pixels, grid)
    tiles = np.empty((len(grid.origins), grid.size, grid.size, *pixels.shape[2:]), pixels.dtype)
    for tile, (y, x) in zip(tiles, grid.origins, strict=True):
        tile[...] = source[y : y + grid.size, x : x + grid.size]
    return tiles


def square_crops(pixels: NDArray[np.uint8], crops: int) -> list[NDArray[np.uint8]]:
    """Cut squares as large as the shorter side allows, where `tile_grid` lays them at half steps.

    Parameters
    ----------
    pixels
        (H, W, 3).
    crops
        How many; 1 is the whole image as it is, square or not.

    Returns
    -------
    list
        Views of the image, each (s, s, 3) with s = min(H, W) unless there is only one.
    """
    if crops == 1:
        return [pixels]
    height, width = pixels.shape[:2]
    side = min(height, width)
    starts = np.minimum(np.arange(crops) * max(1, side // 2), max(height, width) - side)
    if width >= height:
        return [pixels[:, start : start + side] for start in starts]
    return [pixels[start : start + side] for start in starts]


def crops_needed(height: int, width: int) -> int:
    """Squares that cover an image of some shape, overlapping; 1 if it is about square itself."""
    ratio = max(height, width) / min(height, width)
    return 1 if ratio <= NEARLY_SQUARE else int(np.ceil(2 * (ratio - 1))) + 1


def tile_means(values: NDArray[np.floating | np.bool_], grid: TileGrid) -> NDArray[np.float64]:
    """Mean of each tile's part of a map.

    Parameters
    ----------
    values
        (H, W) of the grid's size; NaN does not count.
    grid
        From `tile_grid`.

    Returns
    -------
    NDArray[np.float64]
        (N,); NaN for a tile that holds nothing but NaN.
    """
    source = _reflect(values, grid)
    # Maps of whole slides are large: neither copied in double precision, nor held twice.
    if source.dtype == np.bool_:
        return _tile_sums(source.astype(np.uint8), grid) / grid.size**2
    known = ~np.isnan(source)
    sums = _tile_sums(np.where(known, source, 0), grid)
    counts = _tile_sums(known.astype(np.uint8), grid)
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)


def _tile_sums(values: NDArray[Any], grid: TileGrid) -> NDArray[np.float64]:
    sums = cv2.integral(values, sdepth=cv2.CV_64F)
    y, x = grid.origins.T
    below, right = y + grid.size, x + grid.size
    inside: NDArray[np.float64] = sums[below, right] - sums[y, right] - sums[below, x] + sums[y, x]
    return inside


def stitch(values: NDArray[np.floating], grid: TileGrid) -> NDArray[np.float32]:
    """Lay tile values back over the image.

    Parameters
    ----------
    values
        (N,) one value a tile, or (N, h, w) a map a tile, which is resized to the tile. A tile
        whose value is NaN, or whose map holds one, is left out.
    grid
        From `tile_grid`.

    Returns
    -------
    NDArray[np.float32]
        (H, W) mean over the tiles that cover a pixel; NaN where none does.
    """
    total = np.zeros((grid.height, grid.width), np.float32)
    count = np.zeros((grid.height, grid.width), np.float32)
    known = ~np.isnan(values.reshape(len(values), -1)).any(axis=1)
    for value, (y, x) in zip(values[known], grid.origins[known], strict=True):
        area = np.s_[y : y + grid.size, x : x + grid.size]
        if value.ndim:
            tile = cv2.resize(value.astype(np.float32), (grid.size, grid.size))
            total[area] += tile[: grid.height - y, : grid.width - x]
        else:
            total[area] += value
        count[area] += 1
    total[count == 0] = np.nan
    total /= np.maximum(count, 1)
    return total


def _starts(length: int, size: int, stride: int) -> NDArray[np.int64]:
    """First pixel of each tile along one axis."""
    last = max(length - size, 0)
    return np.append(np.arange(0, last, stride, dtype=np.int64), last)


def _reflect(pixels: NDArray[Any], grid: TileGrid) -> NDArray[Any]:
    """Continue an image that is shorter than a tile by reflection, below and to the right."""
    if pixels.shape[:2] != (grid.height, grid.width):
        raise ImageError(
            f"The tile grid is for an image of {grid.width}×{grid.height} px, but the image "
            f"has {pixels.shape[1]}×{pixels.shape[0]} px. Make a new grid for this image."
        )
    below, right = max(grid.size - grid.height, 0), max(grid.size - grid.width, 0)
    if below == right == 0:
        return pixels
    unpadded = [(0, 0)] * (pixels.ndim - 2)
    return np.pad(pixels, [(0, below), (0, right), *unpadded], mode="symmetric")
