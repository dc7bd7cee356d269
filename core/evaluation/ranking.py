"""AUROC and average precision of many weightings at once, for the bootstrap."""

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
    up, down = _by_score(positive, scores, weights)
    below = np.cumsum(down, axis=1) - down
    pairs = up.sum(axis=1) * down.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Rounding must not carry a perfect ranking past 1.
        area = np.minimum((up * (below + down / 2)).sum(axis=1) / pairs, 1.0)
    return np.where(pairs > 0, area, np.nan)


def weighted_average_precision(
    positive: NDArray[np.bool_], scores: NDArray[np.floating], weights: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Area under the precision-recall curve by steps (AUPRC), once for each row of weights.

    The precision at each positive image's score, averaged over the positive images. Equals
    `sklearn.metrics.average_precision_score` with `sample_weight`. Parameters and result as of
    `weighted_auroc`; NaN also where no image is negative, when it would always be 1.
    """
    up, down = _by_score(positive, scores, weights)
    true_positives = np.cumsum(up[:, ::-1], axis=1)[:, ::-1]
    called = true_positives + np.cumsum(down[:, ::-1], axis=1)[:, ::-1]
    total = up.sum(axis=1)
    precision = np.divide(
        true_positives, called, where=called > 0, out=np.zeros_like(true_positives)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        area = np.minimum((up * precision).sum(axis=1) / total, 1.0)
    return np.where((total > 0) & (down.sum(axis=1) > 0), area, np.nan)


def _by_score(
    positive: NDArray[np.bool_], scores: NDArray[np.floating], weights: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weight of the positives and of the negatives at each distinct score, ascending, (D, S)."""
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    starts = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))
    weights = np.asarray(weights, dtype=np.float64)[:, order]
    up = np.add.reduceat(weights * positive[order], starts, axis=1)
    down = np.add.reduceat(weights * ~positive[order], starts, axis=1)
    return up, down


class PatientPairs:
    """Pairs of images, one of a class and one of the rest, counted by their two patients.

    The AUROC is the share of such pairs that are ranked rightly. Counted once for every pair of
    patients, it can be had for any draw of patients without ranking again.

    Parameters
    ----------
    positive : bool array, shape (N,)
    scores : float array, shape (N,)
    codes : int64 array, shape (N,)
        Number of the patient, from 0.
    """

    def __init__(
        self, positive: NDArray[np.bool_], scores: NDArray[np.floating], codes: NDArray[np.int64]
    ) -> None:
        people = int(codes.max()) + 1
        high, owners = scores[positive], codes[positive]
        self._right = np.empty((people, people))
        for patient in range(people):
            low = np.sort(scores[~positive & (codes == patient)])
            below = (np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")) / 2
            self._right[:, patient] = np.bincount(owners, below, minlength=people)
        negatives = np.bincount(codes[~positive], minlength=people)
        self._all = np.outer(np.bincount(owners, minlength=people), negatives).astype(np.float64)

    def auroc(self, counts: NDArray[np.floating]) -> NDArray[np.float64]:
        """AUROC with each patient taken so many times, (D, patients) to (D,); else NaN."""
        right = ((counts @ self._right) * counts).sum(axis=1)
        pairs = ((counts @ self._all) * counts).sum(axis=1)
        out = np.full(len(counts), np.nan)
        return np.minimum(np.divide(right, pairs, where=pairs > 0, out=out), 1.0)
