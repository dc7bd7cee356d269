"""Figures of calls: from confusion matrices, for many weightings at once."""

import numpy as np
from numpy.typing import NDArray


def confusion_matrices(
    labels: NDArray[np.int64],
    calls: NDArray[np.int64],
    weights: NDArray[np.floating],
    classes: int,
) -> NDArray[np.float64]:
    """Weight of the images of each class (rows) that were called each class (columns), (D, K, K).

    Equals `sklearn.metrics.confusion_matrix` with `sample_weight` for each row of weights.

    Parameters
    ----------
    labels, calls : int64 array, shape (N,)
    weights : float array, shape (D, N)
    classes : int
        K.
    """
    cells = np.zeros((len(labels), classes * classes))
    cells[np.arange(len(labels)), labels * classes + calls] = 1
    return (np.asarray(weights, dtype=np.float64) @ cells).reshape(-1, classes, classes)


def class_figures(matrices: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Sensitivity, specificity, precision and F1 of each class against the others, (D, K) each.

    NaN where a figure does not exist: the sensitivity of a class without images, the specificity
    where there are no others, the precision of a class that was never called, the F1 where the
    class was neither there nor called. Sensitivity is also called recall.
    """
    # Sums only: what differences of weights leave behind is not always 0 or above.
    other = 1 - np.eye(matrices.shape[1])
    right = np.diagonal(matrices, axis1=1, axis2=2)
    actual, called = matrices.sum(axis=2), matrices.sum(axis=1)
    neither = np.einsum("dij,ik,jk->dk", matrices, other, other)
    return {
        "sensitivity": _share(right, actual),
        "specificity": _share(neither, actual @ other),
        "precision": _share(right, called),
        "f1": _share(2 * right, actual + called),
    }


def accuracy(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of images called rightly, (D,)."""
    return _share(np.trace(matrices, axis1=1, axis2=2), matrices.sum(axis=(1, 2)))


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.full(whole.shape, np.nan)
    return np.minimum(np.divide(part, whole, where=whole > 0, out=out), 1)
