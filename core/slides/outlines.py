"""The lines round what reaches a threshold on a map of probabilities."""

import cv2
import numpy as np

from core.slides.map_layers import MapLayer

# Contours go through the middles of pixels: on a finer grid that is near the edges of cells.
_FINER = 4


def outlines(layer: MapLayer, threshold: float) -> list[tuple[tuple[float, float], ...]]:
    """Return closed lines round the cells at or above a threshold, holes too.

    Parameters
    ----------
    layer
        The map; NaN is below every threshold.
    threshold
        In [0, 1].

    Returns
    -------
    list[tuple[tuple[float, float], ...]]
        x and y in pixels of the slide's finest level, within an eighth of a cell.
    """
    inside = (np.nan_to_num(layer.probabilities, nan=-1.0) >= threshold).astype(np.uint8)
    fine = np.kron(inside, np.ones((_FINER, _FINER), np.uint8))
    lines, _ = cv2.findContours(fine, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    step = layer.cell / _FINER
    return [
        tuple(
            (layer.x + (x + 0.5) * step, layer.y + (y + 0.5) * step) for x, y in line[:, 0].tolist()
        )
        for line in lines
    ]
