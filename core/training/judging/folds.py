"""Folds to judge on where few patients have images of more than one class."""

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from core.errors import TrainingError

_ATTEMPTS = 40


def grouped_folds(
    labels: NDArray[np.int64], patients: NDArray[np.object_], folds: int, seed: int
) -> NDArray[np.int64]:
    """The fold that each image is tested in, patients undivided, every class always trained on.

    Unlike `core.datasets.split.k_fold` a fold may lack a class, which is unavoidable for classes
    with fewer patients than folds. A patient who alone has a class is never held out. Of several
    divisions by scikit-learn's `StratifiedGroupKFold`, the one is taken in which most folds hold
    most classes.

    Parameters
    ----------
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    folds : int
    seed : int
        The same seed gives the same folds.

    Returns
    -------
    int64 array, shape (N,)
        -1 for images that are trained on in every fold.

    Raises
    ------
    TrainingError
        If there are too few patients or images.
    """
    people_of = patients.astype(str)
    only = {owners[0] for owners in _owners(labels, people_of) if len(owners) == 1}
    rows = np.flatnonzero(~np.isin(people_of, list(only)))
    people = len(np.unique(people_of[rows]))
    if people < folds:
        raise TrainingError(
            f"{people} patient(s) can be held out; {folds} folds need at least {folds}. Add "
            "patients, or use a recipe with [train]."
        )
    most = int(np.unique(labels[rows], return_counts=True)[1].max())
    if most < folds:
        raise TrainingError(
            f"No class has more than {most} image(s) that can be held out; {folds} folds need at "
            f"least {folds} of one class. Add images."
        )
    best: tuple[int, NDArray[np.int64]] | None = None
    for attempt in range(_ATTEMPTS):
        found = np.full(len(labels), -1)
        divider = StratifiedGroupKFold(folds, shuffle=True, random_state=seed * _ATTEMPTS + attempt)
        parts = divider.split(rows, labels[rows], people_of[rows])
        for number, (_, test) in enumerate(parts):
            found[rows[test]] = number
        held = [set(labels[found == number]) for number in range(folds)]
        left = [set(labels[found != number]) for number in range(folds)]
        if min(len(classes) for classes in left) < len(np.unique(labels)):
            continue
        score = sum(len(classes) for classes in held)
        if best is None or score > best[0]:
            best = score, found
    if best is None:
        raise TrainingError(
            f"No {folds} folds were found in which every class is always trained on: some class "
            "has patients who cannot be parted. Add patients, or leave that class out."
        )
    return best[1]


def _owners(labels: NDArray[np.int64], patients: NDArray[np.str_]) -> list[NDArray[np.str_]]:
    return [np.unique(patients[labels == label]) for label in np.unique(labels)]
