"""Patients drawn from a population in which they shift against each other, whose truth is known.

A patient's scores are normal about a shift of their own: the stain and scanner that move all of
their images at once; how far apart the classes lie, how frequent they are and how many images there
are differ between patients as well. Held-out scores of `idc` look alike: about 0.92 pooled, 0.96
within patients.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.intervals import BOOTSTRAP_FROM, student_interval
from core.evaluation.predictions import patient_weights
from core.evaluation.ranking import PatientPairs, weighted_auroc

FIGURES = ("AUROC", "balanced accuracy", "sensitivity", "specificity")
DRAWS = 1000
_SHIFT, _APART, _SPREAD = 0.8, 2.6, 0.5
_FEWEST_IMAGES, _MOST_IMAGES = 15, 60


@dataclass(frozen=True)
class Sample:
    """Images of some patients; N images.

    Attributes
    ----------
    patients : int64 array, shape (N,)
        From 0.
    positive : bool array, shape (N,)
    scores : float64 array, shape (N,)
        A probability of the class; positive from 0.5 on.
    """

    patients: NDArray[np.int64]
    positive: NDArray[np.bool_]
    scores: NDArray[np.float64]

    @property
    def called(self) -> NDArray[np.bool_]:
        """What is called positive."""
        return self.scores >= 0.5  # noqa: PLR2004 - the middle


def draw(random: np.random.Generator, patients: int) -> Sample:
    """Draw patients and their images."""
    images = random.integers(_FEWEST_IMAGES, _MOST_IMAGES + 1, patients)
    who = np.repeat(np.arange(patients), images)
    positive = random.random(len(who)) < random.beta(1.5, 3.0, patients)[who]
    shift = random.normal(0, _SHIFT, patients)[who]
    apart = (_APART + random.normal(0, _SPREAD, patients))[who]
    scores = shift + (positive - 0.5) * apart + random.normal(0, 1, len(who))
    return Sample(who, positive, 1 / (1 + np.exp(-scores)))


def truth(random: np.random.Generator, patients: int = 20_000) -> NDArray[np.float64]:
    """The figures of so many patients that they are those of the population, (4,)."""
    sample = draw(random, patients)
    weights = patient_weights(sample.patients)
    sensitivity = np.average(sample.called[sample.positive], weights=weights[sample.positive])
    specificity = np.average(~sample.called[~sample.positive], weights=weights[~sample.positive])
    auroc = weighted_auroc(sample.positive, sample.scores, weights[None])[0]
    return np.array([auroc, (sensitivity + specificity) / 2, sensitivity, specificity])


def figures(sample: Sample, counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The four figures, every patient alike and taken so often, (D, P) to (4, D)."""
    number = counts.shape[1]
    weights = patient_weights(sample.patients)

    def share(right: NDArray[np.bool_], of: NDArray[np.bool_]) -> NDArray[np.float64]:
        part, whole = (
            np.bincount(sample.patients, weights * rows, number) for rows in (right & of, of)
        )
        with np.errstate(invalid="ignore"):  # a draw of few patients may lack a class
            return np.asarray((counts @ part) / (counts @ whole))

    sensitivity = share(sample.called, sample.positive)
    specificity = share(~sample.called, ~sample.positive)
    pairs = PatientPairs(sample.positive, sample.scores, sample.patients)
    auroc = pairs.auroc(counts / np.bincount(sample.patients, minlength=number))
    return np.stack([auroc, (sensitivity + specificity) / 2, sensitivity, specificity])


def both_intervals(
    random: np.random.Generator, sample: Sample
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """95 % intervals as they were, and as they are now, (4, 2) each.

    As they were: percentiles of a bootstrap at any number of patients. Now: from
    `BOOTSTRAP_FROM` patients on, these; of fewer, `core.evaluation.intervals.student_interval`.
    """
    number = int(sample.patients.max()) + 1
    counts = random.multinomial(number, np.full(number, 1 / number), size=DRAWS).astype(np.float64)
    drawn = figures(sample, counts)
    plain = np.nanquantile(drawn, [0.025, 0.975], axis=1).T
    return plain, plain if number >= BOOTSTRAP_FROM else now(sample)


def now(sample: Sample) -> NDArray[np.float64]:
    """95 % intervals of few patients, (4, 2)."""
    number = int(sample.patients.max()) + 1
    whole = figures(sample, np.ones((1, number)))[:, 0]
    left_out = figures(sample, 1 - np.eye(number))
    intervals = [
        student_interval(float(value), values, number, len(sample.patients))
        for value, values in zip(whole, left_out, strict=True)
    ]
    return np.array([interval or (np.nan, np.nan) for interval in intervals])


def held_at(
    random: np.random.Generator, patients: int = 5_000
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Scores of positives, ascending, and the mean share of a patient's that lie below each.

    `held` of these says how much of new patients a cut-off holds.
    """
    sample = draw(random, patients)
    rows = np.flatnonzero(sample.positive)
    rows = rows[np.argsort(sample.scores[rows], kind="stable")]
    weights = patient_weights(sample.patients[rows])
    return sample.scores[rows], np.append(0, np.cumsum(weights) / weights.sum())


def held(cut_off: float, population: "tuple[NDArray[np.float64], NDArray[np.float64]]") -> float:
    """Mean over new patients of the share of positives at or above a cut-off."""
    scores, below = population
    return float(1 - below[np.searchsorted(scores, cut_off)])
