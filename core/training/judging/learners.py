"""What can be fitted on some images and asked about others: features with logistic regression."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.datasets.balance import Balance, balance_weights
from core.evaluation.probe import COLOUR_PENALTY, fit_probe
from core.imaging.colour import colour_statistics
from core.training.judging.features import shift
from core.training.judging.fitter import Fitter, Predict

_BATCH = 256


def probe_fitter(
    features: NDArray[np.float32],
    views: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    balance: Balance,
    penalty: float,
    classes: int = 2,
) -> Fitter:
    """Fit on every pass over the training images; answer in each view, the mean over the crops.

    Parameters
    ----------
    features : float32 array, shape (passes, N, crops, F)
    views : float32 array, shape (V, N, crops, F)
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    balance : "none", "class" or "patient"
    penalty : float
        As `core.evaluation.probe.fit_probe` takes it.
    classes : int
        Also those of which there is no image.
    """
    # A linear map of the mean is the mean of linear maps.
    means = views.mean(axis=2)

    def fit(train: NDArray[np.int64]) -> Predict:
        kernel, bias = fit_passes(features, labels, patients, balance, penalty, train, classes)
        return lambda rows: np.asarray(means[:, rows] @ kernel + bias, dtype=np.float64)

    return fit


def fit_passes(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    balance: Balance,
    penalty: float,
    rows: NDArray[np.int64],
    classes: int = 2,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Kernel (F, K) and bias (K,) of logistic regression on all passes over some images."""
    passes, _, crops, _ = features.shape
    weights = np.repeat(balance_weights(labels[rows], patients[rows], balance), crops)
    flat = features[:, rows].reshape(passes * len(rows) * crops, -1)
    repeated = np.repeat(labels[rows], crops)
    return fit_probe(flat, np.tile(repeated, passes), np.tile(weights, passes), penalty, classes)


def changed_fitter(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    balance: Balance,
    penalty: float,
    changed: Predict,
    classes: int,
) -> Fitter:
    """As `probe_fitter`, asked about changed images: `changed` gives features (C, n, F) of rows."""

    def fit(train: NDArray[np.int64]) -> Predict:
        kernel, bias = fit_passes(features, labels, patients, balance, penalty, train, classes)
        return lambda rows: np.asarray(changed(rows) @ kernel + bias, dtype=np.float64)

    return fit


def colour_fitter(
    pixels: NDArray[np.uint8],
    crops: int,
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    progress: Callable[[float], None],
    strengths: Sequence[float] = (),
    classes: int = 2,
) -> Fitter:
    """The colour-only baseline (DESIGN decision 15): no texture, no network.

    Parameters
    ----------
    pixels : uint8 array, shape (N × crops, h, w, 3)
    crops : int
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    progress : callable
        Told the share of images measured, in [0, 1].
    strengths : sequence of float
        Stain shifts of the views but the first, which is of the images as they are.
    classes : int
        Also those of which there is no image.
    """
    views = colour_views(pixels, crops, progress, strengths)
    return probe_fitter(views[:1], views, labels, patients, "patient", COLOUR_PENALTY, classes)


def colour_views(
    pixels: NDArray[np.uint8],
    crops: int,
    progress: Callable[[float], None],
    strengths: Sequence[float] = (),
) -> NDArray[np.float32]:
    """Colour statistics of images as they are, then stain-shifted, (V, N, crops, 21).

    Parameters as of `colour_fitter`.
    """
    jitters = [None, *(shift(strength) for strength in strengths)]
    statistics = np.empty((len(jitters), len(pixels), 21), dtype=np.float32)
    for view, jitter in enumerate(jitters):
        for start in range(0, len(pixels), _BATCH):
            images = np.asarray(pixels[start : start + _BATCH])
            if jitter:
                images = np.asarray(jitter(images, training=True)).round().astype(np.uint8)
            statistics[view, start : start + len(images)] = measure_colours(images)
            done = min(start + _BATCH, len(pixels)) / len(pixels)
            progress((view + done) / len(jitters))
    return statistics.reshape(len(jitters), len(pixels) // crops, crops, 21)


def measure_colours(squares: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Colour statistics of squares (n, h, w, 3), (n, 21)."""
    return np.stack([colour_statistics(square) for square in squares])
