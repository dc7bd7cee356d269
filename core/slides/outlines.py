"""The lines round what reaches a threshold on a map of probabilities."""

import numpy as np
from numpy.typing import NDArray

from core.slides.map_layers import MapLayer

Line = tuple[tuple[float, float], ...]
"""x and y of points, in pixels of the slide's finest level."""


def outlines(layer: MapLayer, threshold: float) -> list[Line]:
    """Return the edges between the cells at or above a threshold and all others.

    Parameters
    ----------
    layer
        The map; NaN is below every threshold.
    threshold
        In [0, 1].

    Returns
    -------
    list[Line]
        Straight lines from point to point, each as long as it can be.
    """
    inside = np.pad(np.nan_to_num(layer.probabilities, nan=-1.0) >= threshold, 1)
    across = inside[1:, 1:-1] != inside[:-1, 1:-1]  # edges that lie between two rows
    down = inside[1:-1, 1:] != inside[1:-1, :-1]
    x, y = layer.columns.tolist(), layer.rows.tolist()
    return [
        *(((x[begin], y[row]), (x[end], y[row])) for row, begin, end in _runs(across)),
        *(((x[column], y[begin]), (x[column], y[end])) for column, begin, end in _runs(down.T)),
    ]


def _runs(edges: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Return row, begin and end of each run of neighbours in a row that are true."""
    steps = np.diff(np.pad(edges, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, begins = np.nonzero(steps == 1)
    _, ends = np.nonzero(steps == -1)
    return list(zip(rows.tolist(), begins.tolist(), ends.tolist(), strict=True))
