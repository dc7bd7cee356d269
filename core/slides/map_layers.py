"""Maps of probabilities that pages have laid over slides, for the routes that draw their tiles."""

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import SlideError

MOST_LAYERS = 64
_ID_LENGTH = 24

_layers: "OrderedDict[str, MapLayer]" = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class MapLayer:
    """A map of probabilities and where it lies on a slide."""

    probabilities: NDArray[np.floating]
    """(rows, columns) in [0, 1]; NaN where nothing was answered."""
    x: float
    """Of its upper left corner, in pixels of the slide's finest level."""
    y: float
    cell: float
    """Side of a cell, in the same pixels."""


def lay(layer: MapLayer) -> str:
    """Have tiles of a map drawn; returns an id, the same for the same map."""
    place = repr((layer.probabilities.shape, layer.x, layer.y, layer.cell))
    content = hashlib.sha256(place.encode() + layer.probabilities.tobytes())
    layer_id = content.hexdigest()[:_ID_LENGTH]
    with _lock:
        _layers[layer_id] = layer
        _layers.move_to_end(layer_id)
        while len(_layers) > MOST_LAYERS:
            _layers.popitem(last=False)
    return layer_id


def laid(layer_id: str) -> MapLayer:
    """Return the map with an id.

    Raises
    ------
    SlideError
        If there is none, or no longer.
    """
    with _lock:
        layer = _layers.get(layer_id)
    if layer is None:
        raise SlideError(
            f"There is no map {layer_id[:40]!r} any more: others took its room, or Lobule was "
            "started anew. Load the page again."
        )
    return layer
