"""Whom training holds out together, so that every patient is judged by a model that never saw them.

It loads no TensorFlow.
"""

import numpy as np
from numpy.typing import NDArray

from core.datasets.records import Dataset
from core.datasets.split import Split, patients_with_every_class
from core.errors import TrainingError
from core.evaluation.bootstrap import MINIMUM_PATIENTS
from core.evaluation.colour_alone import FOLDS
from core.evaluation.estimand import Protocol
from core.evaluation.folds import grouped_folds, require_learnable
from core.training.request.recipe import Recipe

ROUNDS = 3
"""How often patients are dealt into folds, since a single deal of few decides too much."""
MANY_PATIENTS = 100
"""From whom on one deal is enough: every image is answered once."""
FEWEST_PATIENTS = 20
"""From whom on gradient descent is judged in folds; one test part of fewer is too small anyway, and
they would leave too little to learn from."""
_MOST_SINGLY = 20
# Who is left out one by one, and by twos for the thresholds: 210 fits of 20 patients.


def folds_of_probe(dataset: Dataset) -> tuple[NDArray[np.int64], Protocol]:
    """The fold of each image in each round, (S, N), and what a fold is.

    Few patients with images of both classes are left out one by one, others in folds.
    """
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    judged = patients_with_every_class(dataset)
    if dataset.task == "binary" and MINIMUM_PATIENTS <= len(judged) <= _MOST_SINGLY:
        places = {patient: fold for fold, patient in enumerate(judged)}
        return np.array([[places.get(patient, -1) for patient in patients]]), "patients"
    rounds = 1 if len(np.unique(patients.astype(str))) >= MANY_PATIENTS else ROUNDS
    folds = np.stack([grouped_folds(labels, patients, FOLDS, seed) for seed in range(rounds)])
    require_learnable(labels, patients, folds, len(dataset.classes), dataset.classes)
    return folds, "folds"


def folds_of_fit(dataset: Dataset, recipe: Recipe) -> NDArray[np.int64] | None:
    """The fold of each image, (N,), from 0; -1 for those that are trained on in every fold.

    None where one part of the patients is tested instead: of fewer than twenty patients, where
    patients are unknown or images are split, and where a fold would lack a class.
    """
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    people = len(np.unique(patients.astype(str)))
    if recipe.split == "image" or not dataset.patients_known or people < FEWEST_PATIENTS:
        return None
    try:
        folds = grouped_folds(labels, patients, FOLDS, recipe.seed)
    except TrainingError:
        return None
    classes = len(np.unique(labels))
    for fold in range(FOLDS):
        parts = split_of_fold(folds, fold, recipe.seed)
        if any(len(np.unique(labels[rows])) < classes for rows in (parts.train, parts.validation)):
            return None
    return folds


def split_of_fold(folds: NDArray[np.int64], tested: int | None, seed: int) -> Split:
    """Test a fold, choose on the next one, train on the rest; without one, choose on the first."""
    chosen_on = 0 if tested is None else (tested + 1) % FOLDS
    held = [chosen_on] if tested is None else [chosen_on, tested]
    return Split(
        "patient",
        seed,
        np.flatnonzero(~np.isin(folds, held)),
        np.flatnonzero(folds == chosen_on),
        np.flatnonzero(folds == (FOLDS if tested is None else tested)),
        (1 - len(held) / FOLDS, 1 / FOLDS, (len(held) - 1) / FOLDS),
    )
