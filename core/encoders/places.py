"""Where a graph tells of places: in a map, in tokens, or behind the vector that it gives."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.encoders.card import Maps
from core.processor import compiled

VECTOR, TOKENS, MAP = 2, 3, 4
"""Axes of what graphs give: (N, F), (N, T, C), and (N, C, h, w) or (N, h, w, C)."""
MOST_PREFIX = 16
"""Tokens before those of places: a class token, and registers."""
_FARTHEST = 24  # operations between places and the features that are made of them
_CLOSE = 1e-4  # of the largest feature
_SEED = 20


@dataclass(frozen=True)
class Places:
    """Where a graph tells of places: an output, and how its axes lie."""

    output: Any
    grid: tuple[int, int]
    prefix: int = 0  # tokens that are none of a place
    channels_first: bool = False


def of_map(output: Any) -> Places | None:
    """A map's places; None where their number is not known."""
    sides = [static(side) for side in list(output.get_partial_shape())[1:]]
    if None in sides:
        return None
    first, second, third = (int(side or 0) for side in sides)
    # Far more channels than places along a side, whichever axis they are.
    if first >= third:
        return Places(output, (second, third), channels_first=True)
    return Places(output, (first, second))


def of_tokens(output: Any) -> Places | None:
    """The places of tokens: a square of them after a few of another kind; else None."""
    number = static(output.get_partial_shape()[1])
    if number is None:
        return None
    side = math.isqrt(number)
    prefix = number - side**2
    return Places(output, (side, side), prefix) if prefix <= MOST_PREFIX else None


def static(side: Any) -> int | None:
    """The length of an axis; None where the graph leaves it open."""
    return int(side.get_length()) if side.is_static else None


def places_behind(graph: Any, output: Any) -> tuple[Places | None, Maps]:
    """Look for places behind a vector: whose mean it is, or whose class token.

    What the graph's operations suggest is believed only once the numbers agree.
    """
    import openvino  # noqa: PLC0415

    suggested = [place for place in _upwards(output) if place]
    if not suggested:
        return None, "none"
    probe = openvino.Model(
        [output, *(place.output for place in suggested)], graph.get_parameters(), "probe"
    )
    shape = [2 if side.is_dynamic else side.get_length() for side in probe.inputs[0].partial_shape]
    images = np.random.default_rng(_SEED).normal(size=shape).astype(np.float32)
    request = compiled(probe, keep=False).create_infer_request()
    request.infer([images])
    vector, *values = (request.get_output_tensor(i).data.copy() for i in range(len(suggested) + 1))
    for place, value in zip(suggested, values, strict=True):
        if maps := _relation(place, value, vector):
            return place, maps
    return None, "none"


def _relation(
    places: Places, value: NDArray[np.float32], vector: NDArray[np.float32]
) -> Maps | None:
    if value.ndim == TOKENS:
        mean, token = value[:, places.prefix :].mean(axis=1), value[:, 0]
    else:
        mean, token = value.mean(axis=(2, 3) if places.channels_first else (1, 2)), None
    if _same(mean, vector):
        return "exact"
    return "approximate" if places.prefix and token is not None and _same(token, vector) else None


def _same(first: NDArray[np.float32], second: NDArray[np.float32]) -> bool:
    most = float(np.abs(second).max())
    return (
        first.shape == second.shape and most > 0 and np.abs(first - second).max() <= _CLOSE * most
    )


def _upwards(output: Any) -> Iterator[Places | None]:
    """What lies on the way to a vector and may tell of places, the nearest first."""
    queue: list[Any] = [output]
    seen: set[tuple[str, int]] = set()
    while queue and len(seen) < _FARTHEST:
        current = queue.pop(0)
        if (key := (current.get_node().get_name(), current.get_index())) in seen:
            continue
        seen.add(key)
        rank = current.get_partial_shape().rank
        if rank.is_static and rank.get_length() == MAP:
            place = of_map(current)
            yield place if place and math.prod(place.grid) > 1 else None
        elif rank.is_static and rank.get_length() == TOKENS:
            yield of_tokens(current)
        queue += current.get_node().input_values()
