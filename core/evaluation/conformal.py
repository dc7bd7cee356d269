"""Sets of classes that hold the right one with a wished frequency, instead of one class.

Class-conditional conformal prediction (Vovk, "Conditional validity of inductive conformal
predictors", 2012; Sadinle, Lei and Wasserman, "Least ambiguous set-valued classifiers with bounded
error levels", 2019). Every patient counts the same, because whoever comes next is a draw from the
patients: the cut-offs are quantiles of the mean of the patients' distributions (Dunn, Wasserman
and Ramdas 2022, "Distribution-free prediction sets for two-layer hierarchical models"), without
the correction for the number of patients, which with few of them would put every class into every
set. The coverage is therefore no guarantee; `coverage` measures it on patients left out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import EvaluationError
from core.evaluation.bootstrap import Interval, bootstrap_mean

LEVEL = 0.9
_FEWEST = 2  # patients of a class: one is left out, the cut-off rests on another


@dataclass(frozen=True)
class Coverage:
    """How often the sets of left-out patients' images of one class held it.

    Attributes
    ----------
    label : int
    patients, images : int
    coverage : float
        Mean over the patients of the share of their images.
    interval : tuple of float, or None
        Over patients; None where they are too few.
    single : float
        Mean over the patients of the share of images whose set is exactly one class.
    """

    label: int
    patients: int
    images: int
    coverage: float
    interval: Interval | None
    single: float


def same_weight_each(groups: NDArray[np.object_]) -> NDArray[np.float64]:
    """Weights (N,) by which every group counts the same, however many images it has."""
    _, codes, counts = np.unique(groups.astype(str), return_inverse=True, return_counts=True)
    return np.asarray(1 / (counts[codes] * len(counts)), dtype=np.float64)


def fit_cut_offs(
    probabilities: NDArray[np.floating],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    level: float = LEVEL,
) -> NDArray[np.float64]:
    """The highest probability for each class that a share `level` of its images reaches.

    Parameters
    ----------
    probabilities : float array, shape (N, K)
        Calibrated, of models that had not seen the patient.
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    level : float
        In (0, 1).

    Returns
    -------
    float64 array, shape (K,)
        0 for a class without images: nothing speaks against it.

    Raises
    ------
    EvaluationError
        If the level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise EvaluationError(
            f"Prediction sets were asked to hold the right class with a frequency of {level:g}; "
            "give a number above 0 and below 1, for instance 0.9."
        )
    cut_offs = np.zeros(probabilities.shape[1])
    for label in range(len(cut_offs)):
        of_class = labels == label
        if not of_class.any():
            continue
        order = np.argsort(-probabilities[of_class, label], kind="stable")
        held = np.cumsum(same_weight_each(patients[of_class])[order])
        last = int(np.searchsorted(held, level - 1e-9))
        cut_offs[label] = probabilities[of_class, label][order][min(last, len(order) - 1)]
    return cut_offs


def prediction_sets(
    probabilities: NDArray[np.floating], cut_offs: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """Which classes belong to each image's set, (N, K)."""
    return np.asarray(probabilities >= cut_offs)


def coverage(
    probabilities: NDArray[np.floating],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    level: float = LEVEL,
) -> tuple[Coverage, ...]:
    """Coverage of each class on patients who were left out when the cut-offs were chosen.

    Parameters
    ----------
    probabilities, labels, patients, level
        As for `fit_cut_offs`.

    Returns
    -------
    tuple of Coverage
        One a class that at least two patients have.
    """
    people = patients.astype(str)
    held = np.zeros(len(labels), dtype=bool)
    single = np.zeros(len(labels), dtype=bool)
    for person in np.unique(people):
        of_person = people == person
        cut_offs = fit_cut_offs(
            probabilities[~of_person], labels[~of_person], patients[~of_person], level
        )
        sets = prediction_sets(probabilities[of_person], cut_offs)
        held[of_person] = sets[np.arange(len(sets)), labels[of_person]]
        single[of_person] = sets.sum(axis=1) == 1
    coverages = []
    for label in range(probabilities.shape[1]):
        rows = labels == label
        owners = np.unique(people[rows])
        if len(owners) < _FEWEST:
            continue
        shares = np.array([held[rows & (people == owner)].mean() for owner in owners])
        alone = np.array([single[rows & (people == owner)].mean() for owner in owners])
        coverages.append(
            Coverage(
                label=label,
                patients=len(owners),
                images=int(rows.sum()),
                coverage=float(shares.mean()),
                interval=bootstrap_mean(shares),
                single=float(alone.mean()),
            )
        )
    return tuple(coverages)
