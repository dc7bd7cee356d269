"""Sets of classes that hold the right one with a wished frequency, instead of one class.

Class-conditional conformal prediction (Vovk, "Conditional validity of inductive conformal
predictors", 2012; Sadinle, Lei and Wasserman, "Least ambiguous set-valued classifiers with bounded
error levels", 2019), of new *patients*: whoever comes next is a draw from the patients, so that
every patient counts the same, and a cut-off is a quantile of the mean of the patients'
distributions (Dunn, Wasserman and Ramdas, "Distribution-free prediction sets for two-layer
hierarchical models", JASA 2022).

Which quantile, is found by leaving each patient out in turn: of each of their images, the share of
the other patients' images that are surer of the class, and of these shares the one that the wished
frequency stays under. At the plain quantile of P patients, those who come hold too little (86 % of
90 with 5 patients, 89 % with 20), and with the correction that guarantees it in the worst case
(Lee, Barber and Willett, "Distribution-free inference with hierarchical data", JRSS B 2025) too
much (100 and 94 %); so, 89 to 91 % at any number from 5 on (`benchmarks/promises.py`). That is on
average over who the P patients are: with few of them, one set of cut-offs may hold 80 or 98 %.
Where some of a patient's images are less sure than any of the others', and too many to go without,
the class is never ruled out; with few patients that makes sets of every class.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import EvaluationError
from core.evaluation.bootstrap import Interval
from core.evaluation.intervals import interval_of_mean
from core.evaluation.predictions import patient_weights

LEVEL = 0.9
_FEWEST = 2  # patients of a class: one is left out, the cut-off rests on another
_ROUNDING = 1e-9
# Patients are left out one by one up to so many, and of more in so many groups.
_GROUPS = 200


@dataclass(frozen=True)
class Decided:
    """How often a model decides, by sets of one class, every patient counting the same.

    Attributes
    ----------
    share : float
        Of all images.
    right : float or None
        Share of those that are of the class; None where it never decides.
    """

    share: float
    right: float | None


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
    """The probability for each class from which on new patients' sets hold it often enough.

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
        0 for a class that is never ruled out, as one without images, or of one patient.

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
    return np.array(
        [
            cut_off(probabilities[of_class, label], patients[of_class], level)
            for label in range(probabilities.shape[1])
            for of_class in [labels == label]
        ]
    )


def cut_off(
    scores: NDArray[np.floating], patients: NDArray[np.object_], level: float = LEVEL
) -> float:
    """The highest score that a share `level` of a new patient's images reaches, on average.

    Parameters
    ----------
    scores : float array, shape (n,)
        In [0, 1], of images of one class.
    patients : object array, shape (n,)
    level : float
        In (0, 1).

    Returns
    -------
    float
        0 where no score among these is low enough, as of fewer than two patients.
    """
    _, codes = np.unique(patients.astype(str), return_inverse=True)
    number = int(codes.max(initial=-1)) + 1
    if number < _FEWEST:
        return 0.0
    weights = 1 / (np.bincount(codes)[codes] * number)
    surer = _surer(scores, codes, weights * number)
    # An image is held by the others' cut-off at a quantile above the share that is surer than it.
    order = np.argsort(surer, kind="stable")
    held = np.cumsum(weights[order])
    quantile = surer[order][min(int(np.searchsorted(held, level - _ROUNDING)), len(order) - 1)]
    if quantile > 1 - _ROUNDING:
        return 0.0
    order = np.argsort(-scores, kind="stable")
    reached = np.cumsum(weights[order])
    last = int(np.searchsorted(reached, quantile + _ROUNDING, side="right"))
    return float(scores[order][min(last, len(order) - 1)])


def _surer(
    scores: NDArray[np.floating], codes: NDArray[np.int64], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Share of the other patients' images with a higher score, every one of them alike, (n,)."""
    patients = int(codes.max()) + 1

    def above(groups: NDArray[np.int64]) -> NDArray[np.float64]:
        """Sum of the shares of the same group at a higher score."""
        order = np.lexsort((-scores, groups))
        group, score = groups[order], scores[order]
        sums = np.concatenate([[0.0], np.cumsum(shares[order])])
        starts = np.append(True, group[1:] != group[:-1])
        ties = starts | np.append(True, score[1:] != score[:-1])
        places = np.arange(len(scores))
        first_tie = np.maximum.accumulate(np.where(ties, places, 0))
        first = np.maximum.accumulate(np.where(starts, places, 0))
        summed = np.empty(len(scores))
        summed[order] = sums[first_tie] - sums[first]
        return summed

    return (above(np.zeros_like(codes)) - above(codes)) / (patients - 1)


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
    names = patients.astype(str)
    held, single = _of_left_out(probabilities, labels, patients, level)
    coverages = []
    for label in range(probabilities.shape[1]):
        rows = labels == label
        owners, of = np.unique(names[rows], return_inverse=True)
        if len(owners) < _FEWEST:
            continue
        images = np.bincount(of)
        shares = np.bincount(of, held[rows]) / images
        alone = np.bincount(of, single[rows]) / images
        coverages.append(
            Coverage(
                label=label,
                patients=len(owners),
                images=int(rows.sum()),
                coverage=float(shares.mean()),
                interval=interval_of_mean(shares, int(rows.sum())),
                single=float(alone.mean()),
            )
        )
    return tuple(coverages)


def decided(
    probabilities: NDArray[np.floating],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    level: float = LEVEL,
) -> Decided:
    """How often one class is left for images of patients who were left out, and rightly.

    Parameters
    ----------
    probabilities, labels, patients, level
        As for `fit_cut_offs`.
    """
    held, single = _of_left_out(probabilities, labels, patients, level)
    weights = patient_weights(patients)
    share = float(np.average(single, weights=weights))
    right = float(np.average(held[single], weights=weights[single])) if single.any() else None
    return Decided(share, right)


def _of_left_out(
    probabilities: NDArray[np.floating],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    level: float,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each image's set holds its class, and whether it is of one class alone, (N,) each.

    Of cut-offs that were chosen without the patient.
    """
    people, codes = np.unique(patients.astype(str), return_inverse=True)
    held = np.zeros(len(labels), dtype=bool)
    single = np.zeros(len(labels), dtype=bool)
    groups = codes % min(len(people), _GROUPS)
    for group in range(groups.max(initial=-1) + 1):
        of_group = groups == group
        cut_offs = fit_cut_offs(
            probabilities[~of_group], labels[~of_group], patients[~of_group], level
        )
        sets = prediction_sets(probabilities[of_group], cut_offs)
        held[of_group] = sets[np.arange(len(sets)), labels[of_group]]
        single[of_group] = sets.sum(axis=1) == 1
    return held, single
