"""The table of predictions on a dataset, which every figure is worked out from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.atomic import write_whole
from core.datasets.records import Dataset
from core.errors import EvaluationError
from core.evaluation.colour_alone import ColourAlone
from core.evaluation.predictions import Predictions, predictions_on
from core.evaluation.predictions_file import as_table
from core.registry.card import Card


def predictions_table(
    card: Card, dataset: Dataset, chances: NDArray[np.floating], colour: ColourAlone | str
) -> Predictions:
    """One model's predictions beside those of colour alone.

    Parameters
    ----------
    card : Card
    dataset : Dataset
        N images, labels in the order of the card's classes.
    chances : float array, shape (N, K)
    colour : ColourAlone or str
    """
    point, number = card.operating_point, len(dataset.records)
    predictions = predictions_on(
        dataset.records,
        card.classes,
        "one model",
        chances / chances.sum(axis=1, keepdims=True),
        positive=1 if card.positive_index is None else card.positive_index,
        thresholds=np.full(number, point.threshold) if point else None,
    )
    return predictions if isinstance(colour, str) else with_colour(predictions, colour)


def with_colour(
    predictions: Predictions,
    colour: ColourAlone,
    view: int = 0,
    rows: NDArray[np.int64] | slice = slice(None),
) -> Predictions:
    """The same predictions beside those of colour alone in a view, on some of its images."""
    thresholds = colour.thresholds
    if thresholds is not None and predictions.positive == 0:
        thresholds = 1 - thresholds  # they are about class 1
    return replace(
        predictions,
        colour_probabilities=colour.probabilities[view, rows],
        colour_thresholds=None if thresholds is None else thresholds[rows],
        colour_folds=colour.folds[rows],
    )


def write_predictions(predictions: Predictions, path: Path) -> None:
    """Write the table as CSV, whole or not at all; a file that is there is replaced.

    Raises
    ------
    EvaluationError
        If the file cannot be written.
    """
    text = as_table(predictions).to_csv(index=False, lineterminator="\n")
    try:
        write_whole(path, text)
    except OSError as error:
        raise EvaluationError(
            f"The predictions could not be written to {path} ({error.strerror}). Choose another "
            "place with --out."
        ) from error
