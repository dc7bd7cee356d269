"""Occlusion (Zeiler & Fergus 2014, doi:10.1007/978-3-319-10590-1_53)."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from core.explain.gradcam import normalise
from core.explain.methods.network import Cancelled, Network, ShareDone, stop_if
from core.imaging.tiles import stitch, tile_grid

# Side of the covered square: this part of the input's shorter side. Squares overlap by half.
SQUARES = 8


def occlusion(
    network: Network,
    layer: str,  # noqa: ARG001 - the signature of every method; only the answer is looked at
    inputs: NDArray[np.uint8],
    class_index: int,
    progress: ShareDone,
    cancelled: Cancelled,
) -> NDArray[np.float32]:
    """How far the class's log odds fall when a square is covered with the input's mean colour.

    A pixel gets the mean over the squares that cover it; where the class gains, 0. Log odds,
    since a probability near 0 or 1 would hide the differences.
    """
    maps = []
    for number, pixels in enumerate(inputs.astype(np.float32)):
        height, width = pixels.shape[:2]
        size = max(2, round(min(height, width) / SQUARES))
        grid = tile_grid(height, width, size, size // 2)
        fill = pixels.reshape(-1, 3).mean(axis=0)
        whole = _log_odds(network.scores(pixels[np.newaxis]), class_index)[0]
        falls = np.empty(len(grid.origins), np.float32)
        for start in range(0, len(falls), network.batch):
            stop_if(cancelled)
            origins = grid.origins[start : start + network.batch]
            covered = np.repeat(pixels[np.newaxis], len(origins), axis=0)
            for copy, (y, x) in zip(covered, origins, strict=True):
                copy[y : y + size, x : x + size] = fill
            falls[start : start + len(origins)] = whole - _log_odds(
                network.scores(covered), class_index
            )
            progress((number + (start + len(origins)) / len(falls)) / len(inputs))
        maps.append(np.maximum(stitch(falls, grid), 0))
    return normalise(np.stack(maps))


def _log_odds(scores: NDArray[np.float32], class_index: int) -> NDArray[np.float32]:
    """(N, K) logits to (N,) log odds of a class against all others."""
    others = np.delete(scores.astype(np.float64), class_index, axis=1)
    odds: NDArray[np.float32] = scores[:, class_index] - logsumexp(others, axis=1)
    return odds.astype(np.float32)
