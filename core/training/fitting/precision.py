"""Half precision while training; the network is float32 before and after."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import keras

HalfPrecision = Literal["mixed_float16", "mixed_bfloat16"]

# The first scales pixels up to 255, the last gives probabilities that losses take logarithms of.
_ALWAYS_WHOLE = ("scaling", "probabilities")


@contextmanager
def half_precision(network: keras.Model, kind: HalfPrecision | None) -> Iterator[None]:
    """Compute the network's layers in half precision for a while; weights stay float32.

    Only the layers' own policies are changed, and put back, so that the network can be saved and
    asked afterwards as if nothing had been.

    Parameters
    ----------
    network : keras.Model
    kind : "mixed_float16", "mixed_bfloat16" or None
        None changes nothing.
    """
    changed = {layer: layer.dtype_policy for layer in network.layers} if kind else {}
    for layer in changed:
        if layer.name not in _ALWAYS_WHOLE:
            layer.dtype_policy = kind
    try:
        yield
    finally:
        for layer, policy in changed.items():
            layer.dtype_policy = policy
