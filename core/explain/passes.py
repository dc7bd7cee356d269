"""What one pass of a network gives, and the mean of several networks' passes."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from core.inference.classifier import Ensemble


class Explained(NamedTuple):
    """What one pass gives for N inputs."""

    probabilities: NDArray[np.float32]
    """(N, K) calibrated."""
    heatmaps: NDArray[np.float32]
    """(N, fh, fw), raw, as `core.explain.gradcam` defines them."""
    distances: NDArray[np.float64] | None
    """(N,) distance from the training images over the largest in scope, or None without a test."""
    sharpness: NDArray[np.float64] | None
    """(N,) over the least in scope, or None without a test."""
    members: NDArray[np.float32] | None
    """(M, N, K) calibrated probabilities of an ensemble's members, else None."""


Explain = Callable[[NDArray[np.uint8], int | None], Explained]
"""Inputs (N, h, w, 3) and the index of the class to explain, or None for each input's own answer.

May be called from any thread.
"""


def explain_together(ensemble: Ensemble, explains: Sequence[Explain]) -> Explain:
    """Average answers, heatmaps and evidence over the members, each with its own pass."""

    def explain(inputs: NDArray[np.uint8], target: int | None) -> Explained:
        if target is None:
            # Every member must explain the same class: the one that they answer together.
            answers = ensemble.probabilities(inputs).argmax(axis=1)
            parts = [
                explain(inputs[row : row + 1], int(index)) for row, index in enumerate(answers)
            ]
            return concatenate(parts)
        parts = [
            explain_one(ensemble.shrink(inputs, member), target)
            for explain_one, member in zip(explains, ensemble.members, strict=True)
        ]
        chances = np.stack([part.probabilities for part in parts])
        return Explained(
            chances.mean(axis=0),
            _mean_heatmap([part.heatmaps for part in parts], ensemble),
            _mean([part.distances for part in parts]),
            _mean([part.sharpness for part in parts]),
            chances,
        )

    return explain


def _mean_heatmap(heatmaps: list[NDArray[np.float32]], ensemble: Ensemble) -> NDArray[np.float32]:
    """Average heatmaps of several networks at the size of the finest.

    A raw heatmap spreads a logit over its places, so it is multiplied by their number and divided
    by the temperature: then each is in units of its member's calibrated logit.
    """
    height, width = np.max([maps.shape[1:] for maps in heatmaps], axis=0)
    total = np.zeros((len(heatmaps[0]), height, width), np.float32)
    for maps, member in zip(heatmaps, ensemble.members, strict=True):
        unit = maps.shape[1] * maps.shape[2] / member.card.temperature / len(heatmaps)
        for row, heat in enumerate(maps):
            total[row] += unit * cv2.resize(heat, (int(width), int(height)))
    return total


def _mean(values: list[NDArray[np.float64] | None]) -> NDArray[np.float64] | None:
    """Mean over the members that carry the test; None where none does."""
    known = [value for value in values if value is not None]
    return np.mean(known, axis=0) if known else None


def concatenate(parts: list[Explained]) -> Explained:
    """Put batches of inputs together."""

    def join(values: list[NDArray | None], axis: int = 0) -> NDArray | None:
        known = [value for value in values if value is not None]
        return np.concatenate(known, axis=axis) if known else None

    return Explained(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.heatmaps for part in parts]),
        join([part.distances for part in parts]),
        join([part.sharpness for part in parts]),
        join([part.members for part in parts], axis=1),
    )
