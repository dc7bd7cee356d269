"""Answers on a dataset as the table that every figure is worked out from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.assessment.baseline import Baseline
from core.atomic import write_whole
from core.datasets.records import Dataset
from core.errors import EvaluationError
from core.evaluation.predictions import Predictions
from core.evaluation.predictions_file import COLOUR, PREFIX
from core.registry.card import Card


def held_out_answers(
    card: Card, dataset: Dataset, chances: NDArray[np.floating], base: Baseline | str
) -> Predictions:
    """One model's answers beside those of colour alone.

    Parameters
    ----------
    card : Card
    dataset : Dataset
        N images, labels in the order of the card's classes.
    chances : float array, shape (N, K)
    base : Baseline or str
    """
    records, number = dataset.records, len(dataset.records)
    point = card.operating_point
    positive = 1 if card.positive_index is None else card.positive_index
    predictions = Predictions(
        classes=card.classes,
        positive=positive,
        protocol="one model",
        images=records["path"].to_numpy(dtype=object),
        patients=records["patient"].to_numpy(dtype=object),
        magnifications=records["magnification"].to_numpy(dtype=object),
        subtypes=records["subtype"].to_numpy(dtype=object),
        labels=records["label"].to_numpy(),
        probabilities=chances / chances.sum(axis=1, keepdims=True),
        rounds=np.ones(number, dtype=np.int64),
        folds=np.ones(number, dtype=np.int64),
        thresholds=np.full(number, point.threshold) if point else None,
    )
    return predictions if isinstance(base, str) else with_colour(predictions, base)


def with_colour(
    predictions: Predictions,
    base: Baseline,
    view: int = 0,
    rows: NDArray[np.int64] | slice = slice(None),
) -> Predictions:
    """The same answers beside those of colour alone in one of its views, on some of its images."""
    thresholds = base.thresholds
    if thresholds is not None and predictions.positive == 0:
        thresholds = 1 - thresholds  # they are about class 1
    return replace(
        predictions,
        colour_probabilities=base.probabilities[view, rows],
        colour_thresholds=None if thresholds is None else thresholds[rows],
        colour_folds=base.folds[rows],
    )


def as_table(predictions: Predictions) -> pd.DataFrame:
    """The columns that `core.evaluation.predictions_file.read_predictions` reads."""
    names = np.array(predictions.classes, dtype=object)
    columns: dict[str, object] = {
        "image": predictions.images,
        "patient": predictions.patients,
        "magnification": predictions.magnifications,
        "subtype": predictions.subtypes,
        "label": names[predictions.labels],
        "round": predictions.rounds,
        "fold": predictions.folds,
    }
    if predictions.thresholds is not None:
        columns["threshold"] = predictions.thresholds.round(6)
    for label, name in enumerate(predictions.classes):
        columns[PREFIX + name] = predictions.probabilities[:, label].round(6)
    if predictions.colour_folds is not None:
        columns["colour fold"] = predictions.colour_folds
    if predictions.colour_thresholds is not None:
        columns["colour threshold"] = predictions.colour_thresholds.round(6)
    if predictions.colour_probabilities is not None:
        for label, name in enumerate(predictions.classes):
            columns[COLOUR + PREFIX + name] = predictions.colour_probabilities[:, label].round(6)
    return pd.DataFrame(columns)


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
