"""Which model of the judging answered which images."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.training.judging.cross_validate import CrossValidated
from core.training.judging.held_out import HeldOut


@dataclass(frozen=True)
class AnsweredBy:
    """Images that one model of the judging answered, and how.

    Attributes
    ----------
    round, fold : int
        From 1.
    train, test : int64 array
        Rows that it was fitted on, and that it answered.
    temperature : float
    threshold : float or None
        Both chosen without these images; no threshold for more than two classes.
    """

    round: int
    fold: int
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    temperature: float
    threshold: float | None


def answered_singly(held: HeldOut, images: int) -> tuple[AnsweredBy, ...]:
    """Of patients left out one by one, from a dataset of so many images."""
    ends = np.cumsum([score.images for score in held.scores])[:-1]
    parts = []
    for number, rows in enumerate(np.split(held.rows, ends)):
        train = np.setdiff1d(np.arange(images), rows)
        threshold = held.scores[number].threshold
        parts.append(AnsweredBy(1, number + 1, train, rows, held.temperatures[number], threshold))
    return tuple(parts)


def answered_in_folds(held: CrossValidated) -> tuple[AnsweredBy, ...]:
    """Of patients left out in folds, or of one test part."""
    parts = []
    for round_, folds in enumerate(held.folds):
        for fold, temperature in enumerate(held.temperatures[round_]):
            threshold = None if held.thresholds is None else float(held.thresholds[round_, fold])
            train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            parts.append(
                AnsweredBy(round_ + 1, fold + 1, train, test, float(temperature), threshold)
            )
    return tuple(parts)
