"""How much features are worth: a probe on labelled training patients, judged by patient."""

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from core.batch import batch_of
from core.errors import Stopped
from core.evaluation.balance import balance_weights, sample
from core.evaluation.calibration import apply_temperature
from core.evaluation.folds import grouped_folds
from core.evaluation.probe import fit_passes
from core.evaluation.ranking import weighted_auroc
from core.training.pretraining.squares import Squares
from core.training.watch import Watch

_FOLDS = 5
_MOST = 4_000  # images that epochs are judged on


@dataclass(frozen=True)
class LabelledSquares:
    """Images of training patients that epochs are judged on.

    Attributes
    ----------
    squares : Squares
    rows : int64 array, shape (n,)
        Images that are looked at.
    folds : int64 array, shape (n,)
        By patient; -1 is trained on in each.
    """

    squares: Squares
    rows: NDArray[np.int64]
    folds: NDArray[np.int64]


def labelled_of(squares: Squares) -> LabelledSquares:
    """Choose the images of a labelled dataset that epochs are judged on, and their folds.

    Raises
    ------
    TrainingError
        If there are too few patients to hold any out.
    """
    records = squares.dataset.records
    labels = records["label"].to_numpy()
    patients = records["patient"].to_numpy(dtype=object)
    rows = sample(labels, patients, _MOST)
    return LabelledSquares(
        squares, rows, grouped_folds(labels[rows], patients[rows], _FOLDS, seed=0)
    )


def auroc_of(
    features: keras.Model, labelled: LabelledSquares, penalty: float, watch: Watch
) -> float:
    """AUROC of a logistic regression on a network's features, of patients held out in turn.

    Pooled, every patient alike; of more than two classes the mean of each against the others.

    Raises
    ------
    Stopped
        If the watch is cancelled.
    """
    pixels, crops = labelled.squares.pixels, labelled.squares.crops
    wanted = (labelled.rows[:, None] * crops + np.arange(crops)).ravel()
    batch = batch_of(*pixels.shape[1:3])
    parts = []
    for start in range(0, len(wanted), batch):
        if watch.cancelled():
            raise Stopped
        images = pixels[wanted[start : start + batch]]
        parts.append(np.asarray(features.predict_on_batch(images), np.float32))
        watch.stage("Judging", start / len(wanted))
    described = np.concatenate(parts).reshape(1, len(labelled.rows), crops, -1)
    records = labelled.squares.dataset.records.iloc[labelled.rows]
    labels = records["label"].to_numpy()
    patients = records["patient"].to_numpy(dtype=object)
    auroc = held_out_auroc(described, labels, patients, labelled.folds, penalty)
    watch.stage("Judging", 1.0)
    return auroc


def held_out_auroc(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    folds: NDArray[np.int64],
    penalty: float,
) -> float:
    """The figure of `auroc_of`, of features (1, N, crops, F) and everything else (N,)."""
    classes = int(labels.max()) + 1
    chances = np.zeros((len(labels), classes))
    for fold in range(int(folds.max()) + 1):
        learnt, held = np.flatnonzero(folds != fold), folds == fold
        kernel, bias = fit_passes(features, labels, patients, "patient", penalty, learnt, classes)
        chances[held] = apply_temperature(features[0, held].mean(axis=1) @ kernel + bias, 1.0)
    judged = folds >= 0
    weights = balance_weights(labels[judged], patients[judged], "patient")[None]
    present = [label for label in np.unique(labels) if 0 < (labels[judged] == label).mean() < 1]
    ranked = [present[-1]] if classes == 2 else present  # noqa: PLR2004 - two tell the same twice
    return float(
        np.mean(
            [
                weighted_auroc(labels[judged] == label, chances[judged, label], weights)[0]
                for label in ranked
            ]
        )
    )
