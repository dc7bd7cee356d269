"""Whether folds leave enough of every class to learn from and to choose thresholds on."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import TrainingError

FEWEST_PATIENTS = 3
"""Of each of two classes: one tested, one to choose the threshold on, one to learn from."""
_TWO = 2


def require_learnable(
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    folds: NDArray[np.int64],
    classes: int,
    names: Sequence[str] = (),
) -> None:
    """Refuse folds that `core.training.judging.cross_validate.cross_validate` cannot be done on.

    It leaves out every two folds at a time, and what is left must hold two classes. Of two classes
    the answers that a threshold is chosen on must hold both; for more there is no threshold, so
    that a class with one patient, who is never held out, does no harm.

    Parameters
    ----------
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    folds : int64 array, shape (S, N)
        As `core.training.judging.folds.grouped_folds` gives them, once a round.
    classes : int
        Also those of which there is no image.
    names : sequence of str, optional
        Of the classes, for the refusal.

    Raises
    ------
    TrainingError
        If there are too few patients of a class.
    """
    if all(_learnable(labels, own, classes) for own in folds):
        return
    people = patients.astype(str)
    counts = ", ".join(
        f"{names[label] if names else f'class {label}'} has "
        f"{len(np.unique(people[labels == label]))} patient(s)"
        for label in np.unique(labels)
    )
    raise TrainingError(
        f"Of the classes, {counts}. {FEWEST_PATIENTS} of each are needed, who can be held out in "
        "different folds: one to be tested, one to choose the threshold on, one to learn from. Add "
        "patients of the class that has the fewest."
    )


def _learnable(labels: NDArray[np.int64], folds: NDArray[np.int64], classes: int) -> bool:
    """Whether every fit has two classes, and every choice the classes that it needs; (N,) each."""
    present = np.unique(labels)
    always = np.isin(present, labels[folds < 0])
    held = np.stack([np.isin(present, labels[folds == fold]) for fold in range(folds.max() + 1)])
    numbers = range(len(held))
    for tested in numbers:
        known = np.zeros(len(present), dtype=bool)
        for other in numbers:
            if other == tested:
                continue
            learnt = always | np.delete(held, [tested, other], axis=0).any(axis=0)
            if learnt.sum() < _TWO:
                return False
            known |= held[other] & learnt
        if known.sum() < (_TWO if classes == _TWO else 1):
            return False
    return True
