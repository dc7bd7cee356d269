"""Choose the threshold of a binary model on held-out patients."""

import numpy as np
from numpy.typing import NDArray

from core.errors import EvaluationError

BALANCED_RULE = "highest mean of sensitivity and specificity, every patient counting the same"


def balanced_threshold(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.floating],
    patients: NDArray[np.object_],
) -> float:
    """The threshold with the highest balanced accuracy, every patient counting the same.

    Sensitivity is the mean over the patients that have positives, specificity the mean over those
    that have negatives; their mean is maximised (Youden 1950, by patient), and the middle of the
    best range of thresholds is taken. A patient with ten times the images has no more say than
    another, because the next patient is a draw from the patients, not from the images.

    Parameters
    ----------
    labels : int64 array, shape (N,), 0 or 1
    probabilities : float array, shape (N,), of class 1, from models that did not see the patient
    patients : object array, shape (N,)

    Returns
    -------
    float in (0, 1)

    Raises
    ------
    EvaluationError
        If only one class is present.
    """
    if len(np.unique(labels)) < 2:  # noqa: PLR2004  (both classes)
        raise EvaluationError(
            "An operating point needs held-out images of both classes; only class "
            f"{labels[0] if len(labels) else 'none'} is there. Hold out other patients."
        )
    weights = _patient_weights(labels, patients)
    order = np.argsort(probabilities, kind="stable")
    ranked, ranked_labels, weights = probabilities[order], labels[order], weights[order]
    # Calling positive all from rank k on: specificity gained below, sensitivity lost below.
    gain = np.cumsum(np.where(ranked_labels == 0, weights, -weights))
    last_of_ties = np.append(ranked[1:] > ranked[:-1], True)
    gain = np.concatenate([[0.0], gain[last_of_ties]])
    values = ranked[last_of_ties]
    best = int(np.argmax(gain))
    edges = np.concatenate([[0.0], values, [1.0]])
    return float((edges[best] + edges[best + 1]) / 2)


def _patient_weights(
    labels: NDArray[np.int64], patients: NDArray[np.object_]
) -> NDArray[np.float64]:
    weights = np.zeros(len(labels))
    for label in (0, 1):
        present = np.unique(patients[labels == label])
        for patient in present:
            group = (labels == label) & (patients == patient)
            weights[group] = 1 / (group.sum() * len(present))
    return weights
