"""How many patients stand behind a figure."""

import numpy as np
from numpy.typing import NDArray

from core.evaluation.predictions import Predictions

_OF_THE_CLASS = ("sensitivity", "precision", "f1")
_OF_BOTH = ("auroc", "auprc", "balanced_accuracy")


def patients_behind(predictions: Predictions, name: str, label: int | None = None) -> int:
    """Patients that a figure rests on: as many as are on the smaller side of what it compares.

    Sensitivity rests on the patients who have the class, specificity on those who have others. What
    tells both apart, as AUROC and balanced accuracy do, is no surer than the side with fewer
    patients; within patients, it rests on those who have both. All others, and the mean over more
    than two classes, rest on everybody.

    Parameters
    ----------
    predictions : Predictions
        Grouped by the estimand, `Predictions.grouped`.
    name : str
        One of `core.evaluation.metrics.HEADLINE`.
    label : int, optional
        The class; without it all classes together, which of two is the positive one.
    """
    if label is None and predictions.binary:
        label = predictions.positive
    if label is None or name not in (*_OF_THE_CLASS, *_OF_BOTH, "specificity"):
        return predictions.patient_count
    people = _people(predictions, predictions.labels == label)
    others = _people(predictions, predictions.labels != label)
    if name in _OF_THE_CLASS:
        return len(people)
    if name == "specificity":
        return len(others)
    if predictions.protocol == "patients":
        return len(np.intersect1d(people, others))
    return min(len(people), len(others))


def _people(predictions: Predictions, rows: NDArray[np.bool_]) -> NDArray[np.str_]:
    return np.unique(predictions.patients[rows].astype(str))
