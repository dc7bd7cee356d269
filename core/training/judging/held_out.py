"""The table of held-out predictions, which training fills and every figure is worked out from."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.records import Dataset
from core.evaluation.cross_validate import HeldOut
from core.evaluation.estimand import Protocol
from core.evaluation.predictions import Predictions, predictions_on
from core.registry.card_results import CardEvaluation
from core.training.judging.changes import CHANGES
from core.training.judging.features import STRENGTHS
from core.training.judging.results import card_evaluation, robustness, stain_shift


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


def judge_held_out(
    model: HeldOut,
    colour: HeldOut,
    dataset: Dataset,
    protocol: Protocol,
    words: str,
    changed: NDArray[np.int64],
    **parts: Any,
) -> tuple[Predictions, CardEvaluation]:
    """The held-out predictions, and what a card says of them and of images that were changed.

    Parameters
    ----------
    model, colour, dataset, protocol
        As `held_out_predictions` takes them, with views of all `STRENGTHS`, then of `CHANGES`.
    words : str
        Who predicted what, in sentences.
    changed : int64 array
        Rows of the dataset that `CHANGES` were tried on.
    parts
        Further parts of the evaluation, as `card_evaluation` takes them.
    """
    predictions, *views = (
        held_out_predictions(model, colour, dataset, protocol, view)
        for view in range(1 + len(STRENGTHS))
    )
    return predictions, card_evaluation(
        predictions,
        words,
        stain_shift=stain_shift(zip(STRENGTHS, views, strict=True)),
        robustness=robustness(
            (change, held_out_predictions(model, colour, dataset, protocol, view, changed))
            for view, change in enumerate(CHANGES, start=1 + len(STRENGTHS))
        ),
        **parts,
    )
