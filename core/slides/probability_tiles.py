"""The tiles of a probability map, to be laid over those of its slide."""

import numpy as np

from core.imaging.overlay import colour_heatmap, encode_png
from core.slides.frame import TILE, tile_origin
from core.slides.map_layers import MapLayer


def probability_tile(layer: MapLayer, z: int, x: int, y: int, colour_map: str) -> bytes:
    """Return a tile as PNG: the higher a value, the less of the slide shows through.

    Parameters
    ----------
    layer
        The map and its place.
    z, x, y
        As in the address of a map's tile (`core.slides.frame`).
    colour_map
        One of `core.imaging.overlay.COLOUR_MAPS`.

    Raises
    ------
    ImageError
        If the colour map is unknown.
    """
    left, top, downsample = tile_origin(z, x, y)
    centres = (np.arange(TILE) + 0.5) * downsample
    columns = np.searchsorted(layer.columns, left + centres, side="right") - 1
    rows = np.searchsorted(layer.rows, top + centres, side="right") - 1
    height, width = layer.probabilities.shape
    inside = np.logical_and.outer((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
    values = layer.probabilities[np.ix_(rows.clip(0, height - 1), columns.clip(0, width - 1))]
    values = np.where(inside, values, np.nan)
    coloured = colour_heatmap(values, colour_map)
    coloured[..., 3] = np.rint(255 * np.clip(np.nan_to_num(values), 0, 1))
    return encode_png(coloured)
