"""Folds by patient to judge on, and whether enough of every class is left to learn from."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import TrainingError

FEWEST_PATIENTS = 3
"""Of each of two classes: one tested, one to choose the threshold on, one to learn from."""
_ATTEMPTS = 40
_TWO = 2


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
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415 - scikit-learn

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
        fold_of = np.full(len(labels), -1)
        divider = StratifiedGroupKFold(folds, shuffle=True, random_state=seed * _ATTEMPTS + attempt)
        parts = divider.split(rows, labels[rows], people_of[rows])
        for number, (_, test) in enumerate(parts):
            fold_of[rows[test]] = number
        held = [set(labels[fold_of == number]) for number in range(folds)]
        left = [set(labels[fold_of != number]) for number in range(folds)]
        if min(len(classes) for classes in left) < len(np.unique(labels)):
            continue
        score = sum(len(classes) for classes in held)
        if best is None or score > best[0]:
            best = score, fold_of
        if best[0] == folds * len(np.unique(labels[rows])):
            break  # every fold holds every class that can be held out
    if best is None:
        raise TrainingError(
            f"No {folds} folds train on every class: some class has patients who cannot be "
            "separated. Add patients, or leave that class out."
        )
    return best[1]


def _owners(labels: NDArray[np.int64], patients: NDArray[np.str_]) -> list[NDArray[np.str_]]:
    return [np.unique(patients[labels == label]) for label in np.unique(labels)]


def require_learnable(
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    folds: NDArray[np.int64],
    classes: int,
    names: Sequence[str] = (),
) -> None:
    """Refuse folds that `core.evaluation.cross_validate.cross_validate` cannot be done on.

    It leaves out every two folds at a time, and what is left must hold two classes. Of two classes
    the answers that a threshold is chosen on must hold both; for more there is no threshold, so
    that a class with one patient, who is never held out, does no harm.

    Parameters
    ----------
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    folds : int64 array, shape (S, N)
        As `grouped_folds` gives them, once a round.
    classes : int
        Also those of which there is no image.
    names : sequence of str, optional
        Of the classes, for the refusal.

    Raises
    ------
    TrainingError
        If there are too few patients of a class.
    """
    if all(_learnable(labels, fold, classes) for fold in folds):
        return
    people = patients.astype(str)
    counts = ", ".join(
        f"{names[label] if names else f'class {label}'} has "
        f"{len(np.unique(people[labels == label]))} patient(s)"
        for label in np.unique(labels)
    )
    raise TrainingError(
        f"Of the classes, {counts}. Each needs {FEWEST_PATIENTS} who can be held out in "
        "different folds: one to test, one to choose the threshold on, one to learn from. "
        "Add patients of the smallest class."
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
