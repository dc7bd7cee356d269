"""How well colour alone predicts the class of patients that were not seen (DESIGN decision 15)."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from threadpoolctl import threadpool_limits

from core.datasets.audit.finding import Finding, Severity
from core.evaluation.bootstrap import DRAWS
from core.evaluation.colour_alone import FOLDS, ColourAlone, colour_alone
from core.evaluation.estimand import ESTIMANDS, FIRST, Estimand
from core.evaluation.judge import auroc_of
from core.evaluation.predictions import Predictions

STRONG, TELLING = 0.9, 0.7


class ColourResult(BaseModel):
    """What logistic regression on 21 colour statistics of an image scores on unseen patients.

    Attributes
    ----------
    auroc : float
        By `estimand`; with more than two classes the mean over the classes of each against the
        rest.
    estimand : "alike", "patients", "pooled" or "folds"
        See `core.evaluation.estimand`.
    interval : tuple of float, or None
        95 %, over patients; None with fewer than five or where they are unknown.
    within_patients : float or None
        Mean over the patients with images of several classes of the AUROC among their own images:
        what colour says beyond telling patients apart. None where there is none.
    patients_with_every_class : int
    folds : int
    by_patient : bool
        False where patients are unknown: then images of one patient are on both sides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    auroc: float
    estimand: Estimand
    interval: tuple[float, float] | None
    within_patients: float | None
    patients_with_every_class: int
    folds: int
    by_patient: bool


def judge_colour(
    colour: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    *,
    patients_known: bool,
) -> ColourResult | None:
    """Predict each image's class from its colours by a model that did not see its patient.

    Parameters
    ----------
    colour : float32 array, shape (N, 21)
        `core.imaging.colour.colour_statistics` of each image.
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    patients_known : bool

    Returns
    -------
    ColourResult or None
        None where colour alone cannot be judged, see `core.evaluation.colour_alone`.
    """
    present, labels = np.unique(labels, return_inverse=True)
    classes = len(present)
    folds = None
    if not patients_known:
        patients = np.arange(len(labels)).astype(object)
        folds = _by_image(labels)
    with threadpool_limits(1):  # on so few numbers, threads only wait for each other
        alone = colour_alone(colour[None], labels, patients, classes, folds)
    if isinstance(alone, str):
        return None
    predictions = _predictions(alone, labels, patients, classes)
    auroc = auroc_of(predictions, FIRST, draws=DRAWS if patients_known else 0)
    if auroc.value is None:
        return None
    within = auroc_of(predictions, "patients", draws=0) if patients_known else None
    return ColourResult(
        auroc=auroc.value,
        estimand=auroc.estimand,
        interval=auroc.interval,
        within_patients=within.value if within else None,
        patients_with_every_class=_with_every_class(labels, patients, classes),
        folds=int(alone.folds.max()),
        by_patient=patients_known,
    )


def _by_image(labels: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Folds of images whose patients are unknown, (N,); None where no class has enough of them."""
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415 - scikit-learn

    if not len(labels) or np.bincount(labels).min() < FOLDS:
        return None
    folds = np.empty(len(labels), dtype=np.int64)
    divider = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    for fold, (_, rows) in enumerate(divider.split(labels[:, None], labels)):
        folds[rows] = fold
    return folds


def _predictions(
    alone: ColourAlone, labels: NDArray[np.int64], patients: NDArray[np.object_], classes: int
) -> Predictions:
    """Those of colour alone on the images that it was tested on."""
    rows = np.flatnonzero(alone.folds > 0)
    nothing = np.full(len(rows), "", dtype=object)
    return Predictions(
        classes=tuple(f"class {label}" for label in range(classes)),
        positive=1,
        protocol="folds",
        images=rows.astype(object),
        patients=patients[rows],
        magnifications=nothing,
        subtypes=nothing,
        labels=labels[rows],
        probabilities=alone.probabilities[0, rows],
        rounds=np.ones(len(rows), dtype=np.int64),
        folds=alone.folds[rows],
        thresholds=None if alone.thresholds is None else alone.thresholds[rows],
    )


def _with_every_class(
    labels: NDArray[np.int64], patients: NDArray[np.object_], classes: int
) -> int:
    people, codes = np.unique(patients.astype(str), return_inverse=True)
    has = np.zeros((len(people), classes), dtype=bool)
    has[codes, labels] = True
    return int(has.all(axis=1).sum())


def colour_finding(result: ColourResult | None) -> Finding:
    """Say what the result means."""
    if result is None:
        return Finding(
            code="colour-not-judged",
            severity="note",
            count=0,
            message="How well colour alone predicts the class could not be measured: it needs two "
            "classes with three patients each.",
            advice="Add patients, or choose another task.",
        )
    severity: Severity = "note"
    if max(result.auroc, result.within_patients or 0) >= TELLING:
        severity = "warning"
    interval = "({:.2f}–{:.2f}) ".format(*result.interval) if result.interval else ""
    strength = (
        "Most of what there is to learn is in the colour: "
        if result.auroc >= STRONG
        else ("Much is in the colour: " if result.auroc >= TELLING else "Little is in the colour: ")
    )
    unseen = (
        "on patients it has not seen"
        if result.by_patient
        else "with patients unknown, so some were seen before"
    )
    within = (
        f" Among the images of one patient, {result.within_patients:.2f} on average over the "
        f"{result.patients_with_every_class} with every class."
        if result.within_patients is not None
        else ""
    )
    return Finding(
        code="colour-predicts-class",
        severity=severity,
        count=1,
        message=f"{strength}21 colour statistics of an image, with no network, reach an AUROC "
        f"({ESTIMANDS[result.estimand]}) of {result.auroc:.2f} {interval}{unseen}.{within}",
        advice="Compare every model with this baseline, and try stain normalisation or "
        "stain jitter.",
    )
