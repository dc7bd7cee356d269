"""Figures patient by patient, and predictions on patients made of those on their images."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from core.errors import EvaluationError
from core.evaluation.bootstrap import DRAWS, Interval, no_interval
from core.evaluation.intervals import interval_of_mean
from core.evaluation.predictions import Predictions

Rule = Literal["mean probability", "majority"]
_HALF = 0.5


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


def patient_scores(predictions: Predictions) -> list[PatientScore]:
    """How a binary model does on each patient's own images, in the order of their first rows.

    Without thresholds the more probable class is called, which is the one from 0.5 on.
    """
    from sklearn.metrics import balanced_accuracy_score, roc_auc_score  # noqa: PLC0415

    people = predictions.patients.astype(str)
    scores = []
    for patient in dict.fromkeys(people.tolist()):
        of_patient = predictions.of(people == patient)
        positive = of_patient.labels == of_patient.positive
        chances = of_patient.probabilities[:, of_patient.positive]
        threshold = _HALF if of_patient.thresholds is None else float(of_patient.thresholds[0])
        both_classes = 0 < positive.sum() < len(positive)
        scores.append(
            PatientScore(
                patient=patient,
                images=len(positive),
                positives=int(positive.sum()),
                auroc=float(roc_auc_score(positive, chances)) if both_classes else None,
                balanced_accuracy=float(balanced_accuracy_score(positive, chances >= threshold))
                if both_classes
                else None,
                threshold=threshold,
            )
        )
    return scores


def patient_table(predictions: Predictions, threshold: float | None = None) -> pd.DataFrame:
    """One row a patient, worst first.

    Columns: patient; label, "" where the patient has images of several classes; images; right, how
    many were called rightly, and score, their share (Spanhol et al. 2016), both the mean over
    rounds; `probability <class>`, the mean over images and rounds.

    Parameters
    ----------
    predictions : Predictions
    threshold : float, optional
        See `Predictions.calls`.
    """
    names = np.array(predictions.classes, dtype=object)
    columns = {f"probability {name}": index for index, name in enumerate(predictions.classes)}
    table = pd.DataFrame(
        {
            "patient": predictions.patients.astype(str),
            "image": predictions.images.astype(str),
            "label": names[predictions.labels],
            "right": predictions.calls(threshold) == predictions.labels,
        }
        | {name: predictions.probabilities[:, index] for name, index in columns.items()}
    )
    groups = table.groupby("patient", sort=True)
    several = groups["label"].nunique() > 1
    scores = pd.DataFrame(
        {
            "label": groups["label"].first().where(~several, ""),
            "images": groups["image"].nunique(),
            "score": groups["right"].mean(),
        }
    )
    scores.insert(2, "right", scores["score"] * scores["images"])
    for name in columns:
        scores[name] = groups[name].mean()
    return scores.reset_index().sort_values(["score", "patient"], ignore_index=True)


def recognition_rate(
    predictions: Predictions, threshold: float | None = None, *, draws: int = DRAWS, seed: int = 0
) -> tuple[float, Interval | None, str | None]:
    """Mean of the patients' scores (Spanhol et al. 2016), its interval, or why it has none.

    A patient's score is the share of their images that were called rightly.
    """
    table = patient_table(predictions, threshold)
    scores = table["score"].to_numpy(dtype=np.float64)
    rate = float(scores.mean())
    reason = no_interval(predictions.patients)
    if reason:
        return rate, None, reason
    return rate, interval_of_mean(scores, predictions.image_count, draws=draws, seed=seed), None


def by_patient(
    predictions: Predictions, rule: Rule = "mean probability", threshold: float | None = None
) -> Predictions:
    """Predictions on patients, a row each (and round), which every other figure can be had of.

    Parameters
    ----------
    predictions : Predictions
        Of images.
    rule : "mean probability" or "majority"
        The patient's probability of a class is the mean over their images, called at the threshold
        of the images; or the share of their images that were called so, where half is enough for
        the positive class: to miss it is the worse error.
    threshold : float, optional
        See `Predictions.calls`.

    Raises
    ------
    EvaluationError
        If a patient has images of several classes, so that there is no answer for the patient.
    """
    _check_one_class(predictions)
    calls = predictions.calls(threshold)
    keys = pd.DataFrame({"round": predictions.rounds, "patient": predictions.patients.astype(str)})
    codes = keys.groupby(["round", "patient"], sort=True).ngroup().to_numpy()
    _, first, counts = np.unique(codes, return_index=True, return_counts=True)
    votes = np.eye(len(predictions.classes))[calls]
    values = predictions.probabilities if rule == "mean probability" else votes
    means = np.stack([np.bincount(codes, column) / counts for column in values.T], axis=1)
    chosen = predictions.of(first)
    thresholds = chosen.thresholds
    if rule == "majority" or threshold is not None:
        thresholds = np.full(len(first), _HALF if rule == "majority" else threshold)
    return replace(
        chosen,
        images=chosen.patients,
        magnifications=np.full(len(first), "", dtype=object),
        probabilities=means,
        thresholds=thresholds if predictions.binary else None,
        other_thresholds=None,
        colour_probabilities=None,
        colour_thresholds=None,
    )


def _check_one_class(predictions: Predictions) -> None:
    pairs = pd.DataFrame({"patient": predictions.patients.astype(str), "label": predictions.labels})
    several = pairs.groupby("patient")["label"].nunique()
    mixed = several.index[several > 1]
    if len(mixed):
        raise EvaluationError(
            f"No figures by patient: {len(mixed)} of {len(several)} patients, such as "
            f"{mixed[0]!r}, have images of several classes. Read the figures by image."
        )
