"""ROC and precision-recall curves of held-out predictions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve as sklearn_precision_recall
from sklearn.metrics import roc_curve as sklearn_roc

from core.evaluation.estimand import FIRST
from core.evaluation.predictions import Predictions

_GRID = np.linspace(0, 1, 501)


@dataclass(frozen=True)
class CurvePoints:
    """Points of a curve from left to right, by the estimand of the figures beside it.

    Attributes
    ----------
    x, y : float64 array, shape (G,)
        ROC: 1 - specificity and sensitivity. Precision-recall: recall and precision.
    rounds : int
        Whose curves were averaged.
    share : float
        Of the weight of images that is the class's: what precision is by guessing.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    rounds: int
    share: float


def roc_curve(predictions: Predictions, label: int | None = None) -> CurvePoints | None:
    """Sensitivity by false-positive rate, of a class against the others.

    Of several rounds, the mean of their curves at each false-positive rate (vertical averaging,
    Fawcett 2006), so that the area under it is the mean of their AUROCs.

    Parameters
    ----------
    predictions : Predictions
    label : int, optional
        Index of the class; the positive one by default.

    Returns
    -------
    CurvePoints or None
        None where no round has images of the class and of others.
    """
    parts = _parts(predictions, label)
    curves = []
    for positive, scores, weights in parts:
        false, true, _ = sklearn_roc(
            positive, scores, sample_weight=weights, drop_intermediate=len(parts) == 1
        )
        curves.append((false, true))
    if not curves:
        return None
    share = _share(parts)
    if len(curves) == 1:
        return CurvePoints(*curves[0], 1, share)
    # At 0 a curve rises at once, and the mean starts where its rounds do on average.
    mean = np.mean([np.interp(_GRID, false, true) for false, true in curves], axis=0)
    return CurvePoints(np.append(0.0, _GRID), np.append(0.0, mean), len(curves), share)


def precision_recall_curve(
    predictions: Predictions, label: int | None = None
) -> CurvePoints | None:
    """Precision by recall, in steps, so that the area under it is the AUPRC; else as `roc_curve`.

    At each recall the precision is that at the strictest threshold that reaches it.
    """
    parts = _parts(predictions, label)
    if not parts:
        return None
    curves = []
    for positive, scores, weights in parts:
        precision, recall, _ = sklearn_precision_recall(
            positive, scores, sample_weight=weights, drop_intermediate=True
        )
        curves.append((recall[::-1], precision[::-1]))
    if len(curves) == 1:
        return CurvePoints(*curves[0], 1, _share(parts))
    mean = np.mean(
        [
            precision[np.minimum(np.searchsorted(recall, _GRID[1:]), len(recall) - 1)]
            for recall, precision in curves
        ],
        axis=0,
    )
    return CurvePoints(_GRID[1:], mean, len(curves), _share(parts))


_Part = tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]


def _parts(predictions: Predictions, label: int | None) -> list[_Part]:
    """Truth, score and weight of images that are ranked together, where of both classes."""
    chosen = predictions.positive if label is None else label
    # So that the area under the curve is the AUROC that stands beside it.
    grouped = predictions.grouped(FIRST)
    weights = grouped.weighed(np.ones((1, len(grouped.labels))))[0]
    parts = []
    for rows in grouped.pools():
        positive = predictions.labels[rows] == chosen
        if 0 < positive.sum() < len(positive):
            parts.append((positive, predictions.probabilities[rows, chosen], weights[rows]))
    return parts


def _share(parts: list[_Part]) -> float:
    return float(np.mean([np.average(positive, weights=weights) for positive, _, weights in parts]))
