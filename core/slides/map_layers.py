"""Maps of probabilities that pages have laid over slides, for the routes that draw their tiles."""

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import SlideError

MOST_LAYERS = 200
_ID_LENGTH = 16

_layers: "OrderedDict[str, MapLayer]" = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class MapLayer:
    """A map of probabilities and where it lies on a slide."""

    probabilities: NDArray[np.floating]
    """(rows, columns) in [0, 1]; NaN where nothing was answered."""
    rows: NDArray[np.floating]
    """(rows + 1,) edges of its cells from above, in pixels of the slide's finest level."""
    columns: NDArray[np.floating]
    """(columns + 1,) edges from the left."""


def lay(layer: MapLayer, of: str) -> str:
    """Have tiles of a map drawn.

    Parameters
    ----------
    layer
        The map; it takes the place of what was laid of the same before.
    of
        What it is the map of, in any words.

    Returns
    -------
    str
        An id, another one for another map: who has the former sees the new one, too.
    """
    parts = (layer.rows, layer.columns, layer.probabilities)
    version = _digest(b"".join(part.tobytes() for part in parts))
    name = _digest(of.encode())
    with _lock:
        _layers[name] = layer
        _layers.move_to_end(name)
        while len(_layers) > MOST_LAYERS:
            _layers.popitem(last=False)
    return f"{name}.{version}"


def laid(layer_id: str) -> MapLayer:
    """Return the map with an id, or what has taken its place.

    Raises
    ------
    SlideError
        If there is none, or no longer.
    """
    with _lock:
        layer = _layers.get(layer_id.partition(".")[0])
    if layer is None:
        raise SlideError(
            f"There is no map {layer_id[:40]!r} any more: others took its place, or Lobule "
            "was started anew. Load the page again."
        )
    return layer


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_ID_LENGTH]
