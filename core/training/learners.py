"""What can be fitted on some rows and asked about others: features with logistic regression."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.datasets.balance import Balance, balance_weights
from core.evaluation.probe import COLOUR_PENALTY, fit_probe
from core.imaging.colour import colour_statistics
from core.training.held_out import Learner


def probe_learner(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    balance: Balance,
    penalty: float,
) -> Learner:
    """Fit on every pass over the training rows, answer on the first pass (images as they are).

    Parameters
    ----------
    features : float32 array, shape (passes, N, F)
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    balance : "none", "class" or "patient"
    penalty : float
        As `core.evaluation.probe.fit_probe` takes it.
    """

    def learn(train: NDArray[np.int64], test: NDArray[np.int64]) -> NDArray[np.float64]:
        kernel, bias = fit_passes(features, labels, patients, balance, penalty, train)
        return features[0, test] @ kernel + bias

    return learn


def fit_passes(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    balance: Balance,
    penalty: float,
    rows: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Kernel (F, K) and bias (K,) of logistic regression on all passes over some rows."""
    weights = balance_weights(labels[rows], patients[rows], balance)
    passes = len(features)
    flat = features[:, rows].reshape(passes * len(rows), -1)
    return fit_probe(flat, np.tile(labels[rows], passes), np.tile(weights, passes), penalty)


def colour_learner(
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    progress: Callable[[float], None],
) -> Learner:
    """The colour-only baseline (DESIGN decision 15): no texture, no network.

    Parameters
    ----------
    pixels : uint8 array, shape (N, h, w, 3)
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    progress : callable
        Told the share of images measured, in [0, 1].
    """
    statistics = np.empty((1, len(pixels), 21), dtype=np.float32)
    for row, image in enumerate(pixels):
        statistics[0, row] = colour_statistics(np.asarray(image))
        progress((row + 1) / len(pixels))
    return probe_learner(statistics, labels, patients, "patient", COLOUR_PENALTY)
