"""Which scaling a network wants, tried on labelled images: the one that it judges best under."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.adoption.foreign import Foreign
from core.adoption.scaling import SCALINGS, Scaling
from core.datasets.records import Dataset
from core.evaluation.balance import balance_weights, sample
from core.evaluation.judge import main_values
from core.evaluation.predictions import Predictions, predictions_on

MOST_IMAGES = 300
"""Images that every scaling is tried on, at most."""
_LEAST = 1e-6  # probability; one that is 0 would make a loss without end
_DIGITS = 3  # of an AUROC; what differs by less is told apart by the loss


@dataclass(frozen=True)
class ScalingResult:
    """How a network judges under one scaling.

    Attributes
    ----------
    scaling : Scaling
    auroc : float or None
        Pooled, every patient alike; None where the images are of one class.
    loss : float
        Mean of minus the logarithm of the right class's probability, every patient alike.
    """

    scaling: Scaling
    auroc: float | None
    loss: float


@dataclass(frozen=True)
class Trial:
    """Answers under every scaling, on some labelled images.

    Attributes
    ----------
    rows : int64 array, shape (n,)
        Which images of the dataset.
    answers : dict of Scaling to Predictions
        Not calibrated.
    """

    rows: NDArray[np.int64]
    answers: dict[Scaling, Predictions]

    def results(self, among: NDArray[np.int64] | None = None) -> tuple[ScalingResult, ...]:
        """The scalings, the best first; `among` are the images of the dataset that count.

        The best has the highest AUROC, to three digits; of several the lowest loss.
        """
        counted = np.ones(len(self.rows), bool) if among is None else np.isin(self.rows, among)
        results = [
            _result(scaling, predictions.of(counted))
            for scaling, predictions in self.answers.items()
        ]
        return tuple(sorted(results, key=_rank))

    def best(self, among: NDArray[np.int64] | None = None) -> Scaling:
        """The scaling that judges best."""
        return self.results(among)[0].scaling


def try_scalings(
    foreign: Foreign,
    dataset: Dataset,
    pixels: NDArray[np.uint8],
    order: tuple[int, ...],
    scalings: Sequence[Scaling] = tuple(SCALINGS),
) -> Trial:
    """Answer some of the images under each scaling.

    Parameters
    ----------
    foreign : Foreign
    dataset : Dataset
        N images, its classes in the card's order.
    pixels : uint8 array, shape (N, side, side, 3)
    order : tuple of int
        Which output of the network each of these classes is.
    scalings : sequence of Scaling
        Those that it can be given.
    """
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    rows = sample(labels, patients, MOST_IMAGES)
    shown, records = np.asarray(pixels[rows]), dataset.records.iloc[rows]
    answers = {}
    for scaling in scalings:
        chances = foreign.probabilities(shown, scaling, list(order))
        # A wrong scaling may give no numbers at all: then it says nothing.
        chances = np.where(np.isfinite(chances).all(1, keepdims=True), chances, 1 / len(order))
        answers[scaling] = predictions_on(records, dataset.classes, "one model", chances)
    return Trial(rows, answers)


def _result(scaling: Scaling, predictions: Predictions) -> ScalingResult:
    weights = balance_weights(predictions.labels, predictions.patients, "patient")
    right = predictions.probabilities[np.arange(len(weights)), predictions.labels]
    loss = float((weights * -np.log(np.clip(right, _LEAST, 1))).sum() / weights.sum())
    auroc = main_values(replace(predictions, colour_probabilities=None))["auroc"]
    return ScalingResult(scaling, auroc, loss)


def _rank(result: ScalingResult) -> tuple[float, float]:
    return -round(result.auroc or 0.0, _DIGITS), result.loss
