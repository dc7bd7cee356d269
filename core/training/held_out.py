"""Judge a binary recipe by leaving one patient out, with nothing chosen on the one left out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.balance import balance_weights
from core.datasets.split import leave_one_patient_out
from core.evaluation.calibration import fit_temperature
from core.evaluation.operating_point import balanced_threshold
from core.evaluation.patients import PatientScore, score_patient
from core.inference.calibrate import apply_temperature

Learner = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]
"""Fit on these rows, return the logits (N, 2) of those rows."""


@dataclass(frozen=True)
class HeldOut:
    """Predictions for patients that the model giving them had not seen.

    Attributes
    ----------
    rows : int64 array, shape (N,)
        Rows of the dataset's records.
    logits : float64 array, shape (N, 2)
    probabilities : float64 array, shape (N,)
        Calibrated probability of class 1; the temperature comes from other patients.
    scores : tuple of PatientScore
        One a patient; the threshold comes from other patients.
    """

    rows: NDArray[np.int64]
    logits: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    scores: tuple[PatientScore, ...]

    def mean(self, figure: str) -> float:
        """Mean of "auroc" or "balanced_accuracy" over the patients."""
        return float(self.values(figure).mean())

    def values(self, figure: str) -> NDArray[np.float64]:
        """The figure of each patient, in their order."""
        return np.array([getattr(score, figure) for score in self.scores], dtype=np.float64)


def leave_one_out(
    learner: Learner,
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    judged: list[str],
    progress: Callable[[float], None],
) -> HeldOut:
    """Leave out each judged patient in turn; choose temperature and threshold without them.

    For a left-out patient, the operating point and the temperature come from an inner round that
    leaves out each of the other judged patients as well, so that they, too, rest on patients that
    the model giving the logits had not seen.

    Parameters
    ----------
    learner : callable
    labels : int64 array, shape (N,), 0 or 1
    patients : object array, shape (N,)
    judged : list of str
        Patients with images of both classes.
    progress : callable
        Told the share done, in [0, 1].
    """
    parts: list[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]] = []
    scores = []
    for number, (patient, train, test) in enumerate(leave_one_patient_out(patients, judged)):
        others = [other for other in judged if other != patient]
        inner_rows, inner_logits = _inner_round(learner, train, patients, others)
        temperature, threshold = fit_decision(
            inner_logits, labels[inner_rows], patients[inner_rows]
        )
        logits = learner(train, test)
        probabilities = apply_temperature(logits, temperature)[:, 1].astype(np.float64)
        scores.append(score_patient(patient, labels[test], probabilities, threshold or 0.0))
        parts.append((test, logits, probabilities))
        progress((number + 1) / len(judged))
    rows, logits, probabilities = (np.concatenate(part) for part in zip(*parts, strict=True))
    return HeldOut(rows, logits, probabilities, tuple(scores))


def _inner_round(
    learner: Learner,
    train: NDArray[np.int64],
    patients: NDArray[np.object_],
    others: list[str],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    rows, logits = [], []
    for _, inner_train, inner_test in leave_one_patient_out(patients[train], others):
        rows.append(train[inner_test])
        logits.append(learner(train[inner_train], train[inner_test]))
    return np.concatenate(rows), np.concatenate(logits)


def fit_decision(
    logits: NDArray[np.float64], labels: NDArray[np.int64], patients: NDArray[np.object_]
) -> tuple[float, float | None]:
    """Temperature and threshold from held-out logits.

    Parameters
    ----------
    logits : float64 array, shape (N, K)
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)

    Returns
    -------
    temperature : float
    threshold : float or None
        On the calibrated probability of class 1; None for more than two classes.
    """
    weights = balance_weights(labels, patients, "patient")
    temperature = fit_temperature(logits, labels, weights)
    if logits.shape[1] > 2:  # noqa: PLR2004 - a threshold parts two classes
        return temperature, None
    chances = apply_temperature(logits, temperature)[:, 1]
    return temperature, balanced_threshold(labels, chances, patients)


def predictions_table(
    held_out: HeldOut, colour: HeldOut, records: pd.DataFrame, classes: tuple[str, ...]
) -> pd.DataFrame:
    """One row an image, from which every figure on the card can be worked out again.

    Columns: image, patient, magnification, label, threshold (of the operating point that was
    chosen without the patient), `probability <class>` for each class, calibrated, and the last two
    of these for colour alone: `colour threshold`, `colour probability <class>`.
    """
    records = records.iloc[held_out.rows]
    positive = classes[1]
    return pd.DataFrame(
        {
            "image": records["path"].to_numpy(),
            "patient": records["patient"].to_numpy(),
            "magnification": records["magnification"].to_numpy(),
            "label": [classes[label] for label in records["label"]],
            "threshold": _thresholds(held_out, records),
            f"probability {classes[0]}": (1 - held_out.probabilities).round(6),
            f"probability {positive}": held_out.probabilities.round(6),
            "colour threshold": _thresholds(colour, records),
            f"colour probability {positive}": colour.probabilities.round(6),
        }
    )


def _thresholds(held_out: HeldOut, records: pd.DataFrame) -> NDArray[np.float64]:
    thresholds = {score.patient: round(score.threshold, 6) for score in held_out.scores}
    return np.array([thresholds[patient] for patient in records["patient"]])
