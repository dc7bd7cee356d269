"""Metrics patient by patient, and intervals by bootstrap over patients."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

MINIMUM_PATIENTS = 5


@dataclass(frozen=True)
class PatientScore:
    """How a binary model does on one patient's images.

    Attributes
    ----------
    patient : str
    images, positives : int
    auroc, balanced_accuracy : float or None
        In [0, 1]; None where the patient has images of one class only.
    threshold : float
        The operating point that the balanced accuracy refers to.
    """

    patient: str
    images: int
    positives: int
    auroc: float | None
    balanced_accuracy: float | None
    threshold: float


def score_patient(
    patient: str, labels: NDArray[np.int64], probabilities: NDArray[np.floating], threshold: float
) -> PatientScore:
    """Score one patient.

    Parameters
    ----------
    patient : str
    labels : int64 array, shape (N,), 0 or 1
    probabilities : float array, shape (N,), of class 1
    threshold : float
        Images at or above it are called positive.
    """
    judged = 0 < labels.sum() < len(labels)
    return PatientScore(
        patient=patient,
        images=len(labels),
        positives=int(labels.sum()),
        auroc=float(roc_auc_score(labels, probabilities)) if judged else None,
        balanced_accuracy=float(balanced_accuracy_score(labels, probabilities >= threshold))
        if judged
        else None,
        threshold=threshold,
    )


def bootstrap_mean(
    values: NDArray[np.floating], *, seed: int = 0, draws: int = 10_000
) -> tuple[float, float] | None:
    """95 % percentile interval of the mean of one value a patient, over resampled patients.

    Efron & Tibshirani 1993, chapter 13. To compare two models on the same patients, pass the
    differences: the bootstrap is then paired.

    Parameters
    ----------
    values : float array, shape (patients,)

    Returns
    -------
    tuple of float, or None
        None below `MINIMUM_PATIENTS` patients, where resampling says nothing.
    """
    if len(values) < MINIMUM_PATIENTS:
        return None
    drawn = np.random.default_rng(seed).integers(len(values), size=(draws, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def bootstrap_pooled(
    metric: Callable[[NDArray[np.int64], NDArray[np.floating]], float],
    labels: NDArray[np.int64],
    probabilities: NDArray[np.floating],
    patients: NDArray[np.object_],
    *,
    seed: int = 0,
    draws: int = 1_000,
) -> tuple[float, float] | None:
    """95 % percentile interval of a metric of all images together, over resampled patients.

    Parameters
    ----------
    metric : callable
        Of labels and probabilities.
    labels, probabilities, patients : arrays, shape (N,)

    Returns
    -------
    tuple of float, or None
        None below `MINIMUM_PATIENTS` patients. Draws in which a class vanishes do not count.
    """
    groups = [np.flatnonzero(patients == patient) for patient in np.unique(patients)]
    if len(groups) < MINIMUM_PATIENTS:
        return None
    random = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        drawn = np.concatenate([groups[i] for i in random.integers(len(groups), size=len(groups))])
        if len(np.unique(labels[drawn])) > 1:
            values.append(metric(labels[drawn], probabilities[drawn]))
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
