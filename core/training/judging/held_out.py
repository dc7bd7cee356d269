"""Judge a binary recipe by leaving one patient out, with nothing chosen on the one left out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.balance import balance_weights
from core.datasets.split import leave_one_patient_out
from core.evaluation.calibration import fit_temperature
from core.evaluation.operating_point import RULES, choose_thresholds
from core.evaluation.patients import PatientScore, score_patient
from core.inference.classifier import apply_temperature
from core.training.judging.fitter import Fitter


@dataclass(frozen=True)
class Decision:
    """What was chosen on held-out images of other patients.

    Attributes
    ----------
    temperature : float
    thresholds : tuple of float, or None
        On the calibrated probability of class 1, one for each of
        `core.evaluation.operating_point.RULES`; None for more than two classes.
    """

    temperature: float
    thresholds: tuple[float, ...] | None


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
    shifted : float64 array, shape (V, N)
        Calibrated probability of class 1 of the same images changed, in each view but the first.
    thresholds : float64 array, shape (R, N)
        By each rule but the first of `core.evaluation.operating_point.RULES`.
    temperatures : tuple of float
        One a patient, in the order of the scores.
    """

    rows: NDArray[np.int64]
    logits: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    scores: tuple[PatientScore, ...]
    shifted: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    temperatures: tuple[float, ...]

    def mean(self, figure: str) -> float:
        """Mean of "auroc" or "balanced_accuracy" over the patients."""
        return float(self.values(figure).mean())

    def values(self, figure: str) -> NDArray[np.float64]:
        """The figure of each patient, in their order."""
        return np.array([getattr(score, figure) for score in self.scores], dtype=np.float64)


def leave_one_out(
    fit: Fitter,
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    judged: list[str],
    progress: Callable[[float], None],
) -> HeldOut:
    """Leave out each judged patient in turn; choose temperature and thresholds without them.

    For a left-out patient, thresholds and temperature come from an inner round that leaves out each
    of the other judged patients as well, so that they, too, rest on patients that the model giving
    the logits had not seen.

    Parameters
    ----------
    fit : callable
    labels : int64 array, shape (N,), 0 or 1
    patients : object array, shape (N,)
    judged : list of str
        Patients with images of both classes.
    progress : callable
        Told the share done, in [0, 1].
    """
    logits, chances, thresholds, scores = [], [], [], []
    tested, temperatures = [], []
    for number, (patient, train, test) in enumerate(leave_one_patient_out(patients, judged)):
        others = [other for other in judged if other != patient]
        inner_rows, inner_logits = _inner_round(fit, train, patients, others)
        decision = fit_decision(inner_logits, labels[inner_rows], patients[inner_rows])
        first, *rest = decision.thresholds or (0.0,)
        values = fit(train)(test)
        own = np.stack(
            [apply_temperature(view, decision.temperature)[:, 1] for view in values]
        ).astype(np.float64)
        scores.append(score_patient(patient, labels[test], own[0], first))
        tested.append(test)
        temperatures.append(decision.temperature)
        logits.append(values[0])
        chances.append(own)
        thresholds.append(np.repeat(np.array(rest)[:, None], len(test), axis=1))
        progress((number + 1) / len(judged))
    every = np.concatenate(chances, axis=1)
    return HeldOut(
        np.concatenate(tested),
        np.concatenate(logits),
        every[0],
        tuple(scores),
        every[1:],
        np.concatenate(thresholds, axis=1),
        tuple(temperatures),
    )


def _inner_round(
    fit: Fitter,
    train: NDArray[np.int64],
    patients: NDArray[np.object_],
    others: list[str],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    rows, logits = [], []
    for _, inner_train, inner_test in leave_one_patient_out(patients[train], others):
        rows.append(train[inner_test])
        logits.append(fit(train[inner_train])(train[inner_test])[0])
    return np.concatenate(rows), np.concatenate(logits)


def fit_decision(
    logits: NDArray[np.float64], labels: NDArray[np.int64], patients: NDArray[np.object_]
) -> Decision:
    """Temperature and thresholds from held-out logits.

    Parameters
    ----------
    logits : float64 array, shape (N, K)
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    """
    weights = balance_weights(labels, patients, "patient")
    temperature = fit_temperature(logits, labels, weights)
    if logits.shape[1] > 2:  # noqa: PLR2004 - a threshold parts two classes
        return Decision(temperature, None)
    chances = apply_temperature(logits, temperature)[:, 1]
    return Decision(temperature, choose_thresholds(labels, chances, patients))


def predictions_table(
    held_out: HeldOut, colour: HeldOut, records: pd.DataFrame, classes: tuple[str, ...]
) -> pd.DataFrame:
    """One row an image, from which every figure on the card can be worked out again.

    Columns: image, patient, magnification, subtype, label, the thresholds that were chosen without
    the patient by each of `core.evaluation.operating_point.RULES`, `probability <class>` for each
    class, calibrated, and for colour alone `colour threshold` and `colour probability <class>`.
    """
    records = records.iloc[held_out.rows]
    positive = classes[1]
    return pd.DataFrame(
        {
            "image": records["path"].to_numpy(),
            "patient": records["patient"].to_numpy(),
            "magnification": records["magnification"].to_numpy(),
            "subtype": records["subtype"].to_numpy(),
            "label": [classes[label] for label in records["label"]],
            "threshold": _thresholds(held_out, records),
            **{
                rule.column: values.round(6)
                for rule, values in zip(RULES[1:], held_out.thresholds, strict=True)
            },
            f"probability {classes[0]}": (1 - held_out.probabilities).round(6),
            f"probability {positive}": held_out.probabilities.round(6),
            "colour threshold": _thresholds(colour, records),
            f"colour probability {positive}": colour.probabilities.round(6),
        }
    )


def _thresholds(held_out: HeldOut, records: pd.DataFrame) -> NDArray[np.float64]:
    thresholds = {score.patient: round(score.threshold, 6) for score in held_out.scores}
    return np.array([thresholds[patient] for patient in records["patient"]])
