"""AUROC of many weightings at once, for the bootstrap."""

import numpy as np
from numpy.typing import NDArray


def weighted_auroc(
    positive: NDArray[np.bool_], scores: NDArray[np.floating], weights: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Area under the ROC curve, once for each row of weights.

    The share of pairs of a positive and a negative image in which the positive one ranks higher,
    ties counting half (Hanley & McNeil 1982), each pair weighted by the product of its weights.
    Equals `sklearn.metrics.roc_auc_score` with `sample_weight`, without a sort for each weighting.

    Parameters
    ----------
    positive : bool array, shape (N,)
    scores : float array, shape (N,)
    weights : float array, shape (D, N)
        At least 0; a bootstrap draw weights each image by how often it was drawn.

    Returns
    -------
    float64 array, shape (D,)
        In [0, 1]; NaN where a class has no weight.
    """
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    starts = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))
    weights = np.asarray(weights, dtype=np.float64)[:, order]
    up = np.add.reduceat(weights * positive[order], starts, axis=1)
    down = np.add.reduceat(weights * ~positive[order], starts, axis=1)
    below = np.cumsum(down, axis=1) - down
    pairs = up.sum(axis=1) * down.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(pairs > 0, (up * (below + down / 2)).sum(axis=1) / pairs, np.nan)
