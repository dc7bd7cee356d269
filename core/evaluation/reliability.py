"""How far probabilities are what they say: reliability bins, ECE and Brier score."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10
_TWO = 2


@dataclass(frozen=True)
class Reliability:
    """A reliability diagram: ten bins of equal width; empty ones are left out.

    Attributes
    ----------
    low, high : float64 array, shape (B,)
        Ends of each bin.
    predicted : float64 array, shape (B,)
        Mean probability of the images in it.
    observed : float64 array, shape (B,)
        Share of them that are of the class; of more than two classes, that were called rightly.
    images : float64 array, shape (B,)
        Answers in it.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]
    images: NDArray[np.float64]


def said_and_true(
    labels: NDArray[np.int64], probabilities: NDArray[np.floating], positive: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What is said of each image and whether it is so, both (N,).

    Of two classes, the positive class's probability and whether the image is positive; of more,
    the highest probability and whether that class is right (Guo et al. 2017).
    """
    chances = np.asarray(probabilities, dtype=np.float64)
    if chances.shape[1] == _TWO:
        return chances[:, positive], (labels == positive).astype(np.float64)
    return chances.max(axis=1), (chances.argmax(axis=1) == labels).astype(np.float64)


def reliability(
    said: NDArray[np.float64],
    true: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
) -> Reliability:
    """Put answers into bins by what is said of them.

    Parameters
    ----------
    said, true : float64 array, shape (N,)
        As `said_and_true` gives them.
    weights : float64 array, shape (N,), optional
        In the means of a bin, as of the ECE that stands beside it.
    """
    answers = _sums(said, true, np.ones((1, len(said))))[0]
    every = np.ones(len(said)) if weights is None else weights
    counts, predicted, observed = _sums(said, true, every[None])
    full = counts[0] > 0
    edges = np.linspace(0, 1, BINS + 1)
    return Reliability(
        edges[:-1][full],
        edges[1:][full],
        predicted[0, full] / counts[0, full],
        observed[0, full] / counts[0, full],
        answers[0, full],
    )


def calibration_errors(
    said: NDArray[np.float64], true: NDArray[np.float64], weights: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Expected calibration error (ECE), once for each row of weights, (D,).

    The mean over ten bins of the distance between what is said and what is observed, each bin
    counting by its images (Naeini et al. 2015); NaN where nothing has weight.
    """
    counts, predicted, observed = _sums(said, true, weights)
    with np.errstate(invalid="ignore"):
        return np.abs(predicted - observed).sum(axis=1) / counts.sum(axis=1)


def brier_scores(
    labels: NDArray[np.int64], probabilities: NDArray[np.floating], weights: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Mean squared distance of the probabilities from the truth (Brier 1950), (D,).

    Of two classes that of one of them, in [0, 1]; of more the sum over the classes, in [0, 2]; as
    `sklearn.metrics.brier_score_loss` with `sample_weight`.
    """
    chances = np.asarray(probabilities, dtype=np.float64)
    distances = ((chances - np.eye(chances.shape[1])[labels]) ** 2).sum(axis=1)
    if chances.shape[1] == _TWO:
        distances = distances / 2
    weights = np.asarray(weights, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        return (weights @ distances) / weights.sum(axis=1)


def _sums(
    said: NDArray[np.float64], true: NDArray[np.float64], weights: NDArray[np.floating]
) -> tuple[NDArray[np.float64], ...]:
    """Weight, summed probability and summed truth in each bin, (D, bins) each."""
    numbers = np.minimum((said * BINS).astype(np.int64), BINS - 1)
    member = np.eye(BINS)[numbers]
    weights = np.asarray(weights, dtype=np.float64)
    return tuple(
        weights @ (member * values[:, None]) for values in (np.ones_like(said), said, true)
    )
