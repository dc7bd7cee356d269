"""Regions of a slide where a probability reaches a threshold."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

MOST = 20
"""Regions that are named."""


@dataclass(frozen=True, slots=True)
class HotSpot:
    """A connected region at or above the threshold; lengths in pixels of the finest level."""

    tissue_mm2: float
    mean: float
    """Probability, over its tissue."""
    highest: float
    x: float
    y: float
    """Where the tissue around is most probable: the place to look at."""
    box: tuple[float, float, float, float]
    """x, y, width, height."""
    out_of_scope: float
    """Share of its tissue in tiles that are out of scope."""


def hot_spots(
    chances: NDArray[np.float32],
    tissue: NDArray[np.bool_],
    outside: NDArray[np.float32],
    threshold: float,
    *,
    pixel_mm2: float,
    step: tuple[float, float],
    tile: int,
) -> list[HotSpot]:
    """Return the connected regions at or above a threshold, the one with most tissue first.

    Parameters
    ----------
    chances
        (H, W) map of the probability; NaN where nothing was answered.
    tissue
        (H, W) where there is tissue.
    outside
        (H, W) share of the tiles that cover a pixel that are out of scope.
    threshold
        In [0, 1].
    pixel_mm2
        Area of a pixel of the map.
    step
        Pixels of the finest level that one of the map covers, across and down.
    tile
        Side of a tile in pixels of the map.
    """
    with np.errstate(invalid="ignore"):
        reached = (chances >= threshold).astype(np.uint8)
    number, labels, boxes, _ = cv2.connectedComponentsWithStats(reached, connectivity=8)
    labels[~tissue] = 0
    pixels = np.bincount(labels.ravel(), minlength=number)
    pixels[0] = 0
    spots = []
    for label in np.argsort(-pixels)[:MOST]:
        if pixels[label]:
            left, top, width, height = (int(value) for value in boxes[label, :4])
            window = np.s_[top : top + height, left : left + width]
            region = labels[window] == label
            box = left, top, width, height
            spot = _hot_spot(chances[window], region, outside[window], box, pixel_mm2, step, tile)
            spots.append(spot)
    return spots


def _hot_spot(
    chances: NDArray[np.float32],
    region: NDArray[np.bool_],
    outside: NDArray[np.float32],
    box: tuple[int, int, int, int],
    pixel_mm2: float,
    step: tuple[float, float],
    tile: int,
) -> HotSpot:
    """Describe a region; the maps are those of its box."""
    # Beyond the region nothing counts, so that the place lies well inside it.
    values = np.where(region, chances, 0).astype(np.float32)
    around = cv2.boxFilter(values, -1, (tile, tile), borderType=cv2.BORDER_CONSTANT)
    around[~region] = -1
    row, column = np.unravel_index(around.argmax(), around.shape)
    left, top, width, height = box
    across, down = step
    return HotSpot(
        tissue_mm2=float(region.sum()) * pixel_mm2,
        mean=float(chances[region].mean()),
        highest=float(chances[region].max()),
        x=(left + float(column) + 0.5) * across,
        y=(top + float(row) + 0.5) * down,
        box=(left * across, top * down, width * across, height * down),
        out_of_scope=float(outside[region].mean()),
    )
