"""Figures of repeated cross-validation: within each fold, then averaged.

Answers of different folds come from different models and are never ranked against each other: by
patient, where folds differ in their share of positives, that alone can cost 0.1 of AUROC.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.ranking import weighted_auroc


@dataclass(frozen=True)
class Answers:
    """Held-out answers of S rounds of cross-validation on N images.

    Attributes
    ----------
    folds : int64 array, shape (S, N)
        Fold that an image was tested in; -1 if its patient was never held out.
    probabilities : float array, shape (S, N, K)
        Whatever they hold where the fold is -1, it is not looked at.
    calls : int64 array, shape (S, N)
        The class that the model decided for, at an operating point chosen without the patient.
    """

    folds: NDArray[np.int64]
    probabilities: NDArray[np.floating]
    calls: NDArray[np.int64]

    def of(self, images: NDArray[np.bool_]) -> "Answers":
        """The same answers on some of the images."""
        return Answers(self.folds[:, images], self.probabilities[:, images], self.calls[:, images])


def class_aurocs(
    labels: NDArray[np.int64], answers: Answers, weights: NDArray[np.floating]
) -> NDArray[np.float64]:
    """AUROC of each class against the others, the mean over folds and rounds.

    Parameters
    ----------
    labels : int64 array, shape (N,)
    answers : Answers
    weights : float array, shape (D, N)

    Returns
    -------
    float64 array, shape (D, K)
        NaN for a class that no fold has beside others. Of two classes both columns are the same.
    """
    classes = answers.probabilities.shape[2]
    sums = np.zeros((len(weights), classes))
    numbers = np.zeros_like(sums)
    for folds, probabilities in zip(answers.folds, answers.probabilities, strict=True):
        for fold in range(folds.max() + 1):
            own = folds == fold
            for label in np.unique(labels[own]):
                values = weighted_auroc(
                    labels[own] == label, probabilities[own, label], weights[:, own]
                )
                sums[:, label] += np.nan_to_num(values)
                numbers[:, label] += ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return sums / numbers


def sensitivities(
    labels: NDArray[np.int64], answers: Answers, weights: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Share of each class's images that were called so, the mean over rounds, (D, K)."""
    classes = answers.probabilities.shape[2]
    shares = np.full((len(answers.folds), len(weights), classes), np.nan)
    for number, (folds, calls) in enumerate(zip(answers.folds, answers.calls, strict=True)):
        for label in range(classes):
            own = (folds >= 0) & (labels == label)
            with np.errstate(invalid="ignore"):
                right = weights[:, own] @ (calls[own] == label)
                shares[number, :, label] = right / weights[:, own].sum(axis=1)
    return shares.mean(axis=0)
