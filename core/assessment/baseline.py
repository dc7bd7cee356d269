"""The colour-only baseline on the dataset that a model is judged on (DESIGN decision 15)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import TrainingError
from core.evaluation.probe import COLOUR_PENALTY
from core.training.judging.cross_validate import CrossValidated, cross_validate
from core.training.judging.folds import grouped_folds
from core.training.judging.learnable_folds import require_learnable
from core.training.judging.learners import probe_fitter

FOLDS = 5
_FEWEST_FOLDS = 3
_TWO = 2


@dataclass(frozen=True)
class Baseline:
    """What colour alone says of N images, by models that had not seen the patient.

    Attributes
    ----------
    folds : int64 array, shape (N,)
        Fold that an image was answered in, from 1; 0 for those that never were, because their
        patient alone has a class.
    probabilities : float64 array, shape (V, N, K)
        In each view: the images as they are, then changed. NaN where the fold is 0.
    thresholds : float64 array, shape (N,), or None
        Chosen without the fold; None for more than two classes.
    how : str
        How it was fitted, in a sentence.
    """

    folds: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    thresholds: NDArray[np.float64] | None
    how: str


def colour_baseline(
    views: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    classes: int,
) -> Baseline | str:
    """Cross-validate colour alone by patient on the very images that the model is judged on.

    Parameters
    ----------
    views : float32 array, shape (V, N, 21)
        Colour statistics of the images as they are, which is fitted on, then changed.
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    classes : int
        Also those of which there is no image.

    Returns
    -------
    Baseline or str
        Why there is none, in a sentence.
    """
    people = len(np.unique(patients.astype(str)))
    folds = min(FOLDS, people)
    if folds < _FEWEST_FOLDS or len(np.unique(labels)) < _TWO:
        return (
            f"Colour alone was not judged: that takes {_FEWEST_FOLDS} patients and two classes, "
            f"and there are {people} and {len(np.unique(labels))}."
        )
    try:
        parts = grouped_folds(labels, patients, folds, 0)[None]
        require_learnable(labels, patients, parts, classes)
    except TrainingError as error:
        return f"Colour alone was not judged. {error}"
    four = views[:, :, None]
    fit = probe_fitter(four[:1], four, labels, patients, "patient", COLOUR_PENALTY, classes)
    held = cross_validate(fit, labels, patients, parts, lambda _: None)
    thresholds = None
    if held.thresholds is not None:
        thresholds = held.thresholds[0, np.maximum(parts[0], 0)]
    return Baseline(
        parts[0] + 1,
        np.stack([_probabilities(held, view) for view in range(len(views))]),
        thresholds,
        f"Colour alone was fitted on the other patients of this dataset, in {folds} folds by "
        "patient; both are compared within each fold.",
    )


def _probabilities(held: CrossValidated, view: int) -> NDArray[np.float64]:
    return held.answers(view).probabilities[0]
