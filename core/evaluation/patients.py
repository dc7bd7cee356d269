"""Metrics patient by patient."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score, roc_auc_score


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
