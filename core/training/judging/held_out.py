"""The table of held-out predictions, which training fills and every figure is worked out from."""

import numpy as np
from numpy.typing import NDArray

from core.datasets.records import Dataset
from core.evaluation.cross_validate import HeldOut
from core.evaluation.estimand import Protocol
from core.evaluation.predictions import Predictions, predictions_on


def held_out_predictions(
    model: HeldOut,
    colour: HeldOut,
    dataset: Dataset,
    protocol: Protocol,
    view: int = 0,
    images: NDArray[np.int64] | None = None,
) -> Predictions:
    """One row an image and round, the model beside colour alone.

    Parameters
    ----------
    model, colour : HeldOut
        On the same folds.
    dataset : Dataset
    protocol : "one model", "folds" or "patients"
        What the folds are.
    view : int
        Which of the views.
    images : int64 array, optional
        Rows of the dataset that are wanted, where a view holds only these.
    """
    rounds, rows = model.places
    folds = model.folds[rounds, rows]
    # The images of a patient stand together.
    order = np.lexsort((rows, folds)) if protocol == "patients" else np.arange(len(rows))
    if images is not None:
        order = order[np.isin(rows[order], images)]
    thresholds, colour_thresholds = model.thresholds(), colour.thresholds()
    return predictions_on(
        dataset.records.iloc[rows[order]],
        dataset.classes,
        protocol,
        model.probabilities(view)[order],
        rounds=rounds[order] + 1,
        folds=folds[order] + 1,
        thresholds=None if thresholds is None else thresholds[order, 0],
        other_thresholds=None if thresholds is None else thresholds[order, 1:],
        colour_probabilities=colour.probabilities(view)[order],
        colour_thresholds=None if colour_thresholds is None else colour_thresholds[order, 0],
    )
