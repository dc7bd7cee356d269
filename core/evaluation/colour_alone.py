"""What colour alone predicts: the baseline of every audit, evaluation and card (DESIGN 15).

Logistic regression on 21 colour statistics of an image, without texture and without a network.
Whatever shows it asks this module, so that the same images in the same folds have the same figure.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import TrainingError
from core.evaluation.cross_validate import Changed, Fitter, cross_validate
from core.evaluation.folds import grouped_folds, require_learnable
from core.evaluation.probe import probe_fitter

FOLDS = 5
PENALTY = 0.01
"""Of the logistic regression, see `core.evaluation.probe.fit_probe`."""
_FEWEST_FOLDS = 3
_TWO = 2


@dataclass(frozen=True)
class ColourAlone:
    """What colour alone says of N images, by models that had not seen the patient.

    Attributes
    ----------
    folds : int64 array, shape (N,)
        Fold that an image was predicted in, from 1; 0 for those that never were, because their
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


def colour_fitter(
    views: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    classes: int,
    changed: Changed | None = None,
) -> Fitter:
    """Fit colour alone on the images as they are, every patient counting the same within a class.

    Parameters
    ----------
    views : float32 array, shape (V, N, crops, 21)
        `core.imaging.colour.colour_statistics` of the images as they are, then changed.
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    classes : int
        Also those of which there is no image.
    changed : Changed, optional
        Statistics of some images in further views.
    """
    return probe_fitter(views[:1], views, labels, patients, "patient", PENALTY, classes, changed)


def colour_alone(
    views: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    classes: int,
    folds: NDArray[np.int64] | None = None,
) -> ColourAlone | str:
    """Cross-validate colour alone once, by patient.

    Parameters
    ----------
    views : float32 array, shape (V, N, 21)
        Colour statistics of the images as they are, which is fitted on, then changed.
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    classes : int
        Also those of which there is no image.
    folds : int64 array, shape (N,), optional
        Fold of each image, from 0; -1 for those that are never held out. By default up to five
        `grouped_folds`.

    Returns
    -------
    ColourAlone or str
        Why there is none, in a sentence.
    """
    people = len(np.unique(patients.astype(str)))
    number = min(FOLDS, people)
    if number < _FEWEST_FOLDS or len(np.unique(labels)) < _TWO:
        return (
            f"Colour alone was not judged: it needs {_FEWEST_FOLDS} patients and two classes, "
            f"and there are {people} and {len(np.unique(labels))}."
        )
    try:
        parts = (grouped_folds(labels, patients, number, 0) if folds is None else folds)[None]
        require_learnable(labels, patients, parts, classes)
    except TrainingError as error:
        return f"Colour alone was not judged. {error}"
    held_out = cross_validate(
        colour_fitter(views[:, :, None], labels, patients, classes), labels, patients, parts
    )
    _, images = held_out.places
    probabilities = np.full((len(views), len(labels), classes), np.nan)
    for view in range(len(views)):
        probabilities[view, images] = held_out.probabilities(view)
    chosen = held_out.thresholds()
    thresholds = None
    if chosen is not None:
        thresholds = np.full(len(labels), np.nan)
        thresholds[images] = chosen[:, 0]
    return ColourAlone(
        parts[0] + 1,
        probabilities,
        thresholds,
        "Colour alone was fitted on the other patients of this dataset, in "
        f"{int(parts.max()) + 1} folds by patient; both are compared within each fold.",
    )
