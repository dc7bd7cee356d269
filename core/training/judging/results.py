"""From held-out predictions to what a card says of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import EvaluationError
from core.evaluation.bootstrap import no_interval
from core.evaluation.conformal import decided
from core.evaluation.estimand import FIRST, MEANINGS
from core.evaluation.intervals import resampling
from core.evaluation.judge import ClassEvaluation, evaluation_of, main_values
from core.evaluation.metrics import call_figures
from core.evaluation.next_patient import FLOOR, LEAST_IMAGES
from core.evaluation.operating_point import RULES
from core.evaluation.patient_level import PatientScore, patient_scores
from core.evaluation.patients_behind import patients_behind
from core.evaluation.predictions import Predictions
from core.imaging.changes import Change
from core.registry.card_results import (
    CardEvaluation,
    ClassResult,
    ExpectedOfPatient,
    MagnificationResult,
    OperatingPoint,
    PatientResult,
    Robustness,
    ShiftResult,
)

_FIGURES = ("sensitivity", "specificity")
_SEVERAL = 2


def card_evaluation(
    predictions: Predictions,
    protocol: str,
    *,
    withheld: Mapping[str, ClassResult] | None = None,
    **parts: Any,
) -> CardEvaluation:
    """Evaluate held-out predictions beside those of colour alone.

    Parameters
    ----------
    predictions : Predictions
        Of patients that no predicting model had seen.
    protocol : str
        How they came about, in words.
    withheld : mapping of str to ClassResult, optional
        Classes without figures, and why.
    **parts
        Further attributes of `CardEvaluation`; notes follow those that are made here.

    Raises
    ------
    EvaluationError
        If there are no predictions of colour alone, or of one class only: a card has every figure
        beside that of colour alone.
    """
    colour = predictions.colour()
    evaluation = evaluation_of(predictions, colour)
    auroc, balanced = evaluation.figures["auroc"], evaluation.figures["balanced_accuracy"]
    within = evaluation.by("patients")
    beside = evaluation.colour
    if colour is None or beside is None or auroc.value is None or balanced.value is None:
        raise EvaluationError(
            "These predictions cannot stand on a card: "
            + (auroc.why or balanced.why or "there are none of colour alone to stand beside them.")
        )
    by_class: tuple[ClassResult, ...] = ()
    if not predictions.binary:
        pairs = zip(evaluation.by_class, evaluation_of(colour, draws=0).by_class, strict=True)
        by_class = tuple(
            (withheld or {}).get(of.name) or _of_class(of, alone) for of, alone in pairs
        )
    decides = decided(predictions.probabilities, predictions.labels, predictions.patients)
    reason = (evaluation.no_interval,) if evaluation.no_interval else ()
    return CardEvaluation(
        protocol=f"{protocol} {MEANINGS[evaluation.estimand]}",
        estimand=evaluation.estimand,
        leaky=parts.pop("leaky", False),
        patients=evaluation.patients,
        images=evaluation.images,
        auroc=auroc.value,
        auroc_interval=auroc.interval,
        balanced_accuracy=balanced.value,
        balanced_accuracy_interval=balanced.interval,
        colour_auroc=beside.auroc.second,
        colour_balanced_accuracy=beside.balanced_accuracy.second,
        beats_colour=beside.auroc.higher,
        difference_interval=beside.auroc.interval,
        auroc_within_patients=within["auroc"].value,
        auroc_within_patients_interval=within["auroc"].interval,
        balanced_accuracy_within_patients=within["balanced_accuracy"].value,
        balanced_accuracy_within_patients_interval=within["balanced_accuracy"].interval,
        next_patient=tuple(
            ExpectedOfPatient(**asdict(expected), images_at_least=LEAST_IMAGES, floor=FLOOR)
            for expected in evaluation.next_patient
        ),
        by_patient=_by_patient(predictions, colour),
        by_class=by_class,
        by_magnification=_by_magnification(predictions, colour),
        decided=decides.share,
        decided_rightly=decides.right,
        notes=(*reason, *parts.pop("notes", ())),
        **parts,
    )


def _of_class(model: ClassEvaluation, colour: ClassEvaluation) -> ClassResult:
    auroc = model.figures["auroc"]
    missing = auroc.value is None
    return ClassResult(
        name=model.name,
        patients=model.patients,
        images=model.images,
        auroc=auroc.value,
        auroc_interval=auroc.interval,
        sensitivity=None if missing else model.figures["sensitivity"].value,
        colour_auroc=None if missing else colour.figures["auroc"].value,
        withheld=auroc.why if missing else None,
    )


def _by_magnification(
    predictions: Predictions, colour: Predictions
) -> tuple[MagnificationResult, ...]:
    """Where there are several, since a model may do well at one and badly at another."""
    groups, alone = (each.groups("magnification") for each in (predictions, colour))
    if len(groups) < _SEVERAL:
        return ()
    results = []
    for name, rows in groups.items():
        figures = evaluation_of(rows).figures
        auroc = figures["auroc"]
        missing = auroc.value is None
        results.append(
            MagnificationResult(
                name=name,
                patients=rows.patient_count,
                images=rows.image_count,
                auroc=auroc.value,
                auroc_interval=auroc.interval,
                balanced_accuracy=None if missing else figures["balanced_accuracy"].value,
                colour_auroc=None if missing else main_values(alone[name])["auroc"],
                withheld=auroc.why if missing else None,
            )
        )
    return tuple(results)


def _by_patient(predictions: Predictions, colour: Predictions) -> tuple[PatientResult, ...]:
    """Of two classes; none of folds, where several models predicted a patient's images."""
    # Colour in folds of its own may not have predicted every patient.
    if (
        not predictions.binary
        or predictions.protocol == "folds"
        or predictions.colour_folds is not None
    ):
        return ()
    pairs = zip(patient_scores(predictions), patient_scores(colour), strict=True)
    return tuple(_of_patient(model, alone) for model, alone in pairs)


def _of_patient(model: PatientScore, colour: PatientScore) -> PatientResult:
    return PatientResult(
        patient=model.patient,
        images=model.images,
        positives=model.positives,
        auroc=model.auroc,
        balanced_accuracy=model.balanced_accuracy,
        threshold=model.threshold,
        colour_auroc=colour.auroc,
        colour_balanced_accuracy=colour.balanced_accuracy,
    )


def stain_shift(views: Iterable[tuple[float, Predictions]]) -> tuple[ShiftResult, ...]:
    """Figures of the same images under each shifted stain, where classes can be told apart."""
    return tuple(
        ShiftResult(strength=strength, auroc=values["auroc"], colour_auroc=values["colour_auroc"])
        for strength, predictions in views
        for values in [main_values(predictions)]
        if values["auroc"] is not None and values["colour_auroc"] is not None
    )


def robustness(views: Iterable[tuple[Change, Predictions]]) -> tuple[Robustness, ...]:
    """Figures of the same images under each change, left out where nothing can be told apart."""
    return tuple(
        Robustness(
            change=change.name,
            amount=change.amount,
            unit=change.unit,
            auroc=values["auroc"],
            balanced_accuracy=values["balanced_accuracy"],
            colour_auroc=values["colour_auroc"],
        )
        for change, predictions in views
        for values in [main_values(predictions)]
        if values["auroc"] is not None
    )


def operating_points(
    predictions: Predictions, thresholds: Sequence[float] | None, fitted_on: str
) -> tuple[OperatingPoint, ...]:
    """One operating point for each of `core.evaluation.operating_point.RULES`.

    Parameters
    ----------
    predictions : Predictions
        With thresholds by each rule that were chosen without the row's patient: sensitivity and
        specificity are of these.
    thresholds : sequence of float, or None
        Of the final model, one a rule; None for more than two classes, which have no such point.
    fitted_on : str
        What these were chosen on, in words.
    """
    if thresholds is None or predictions.thresholds is None or predictions.other_thresholds is None:
        return ()
    chosen = (predictions.thresholds, *predictions.other_thresholds.T)
    return tuple(
        OperatingPoint(
            positive_class=predictions.classes[predictions.positive],
            threshold=threshold,
            rule=rule.text,
            fitted_on=fitted_on,
            **_at(replace(predictions, thresholds=at_threshold)),
        )
        for rule, threshold, at_threshold in zip(RULES, thresholds, chosen, strict=True)
    )


def _at(predictions: Predictions) -> dict[str, Any]:
    """Sensitivity and specificity at the rows' thresholds, with intervals if patients suffice."""
    grouped = predictions.grouped(FIRST)

    def both(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        figures = call_figures(grouped, weights)
        return {name: figures[name][:, grouped.positive] for name in _FIGURES}

    chosen = None
    if no_interval(grouped.patients, grouped.labels) is None:
        chosen = resampling(grouped.patients, grouped.labels)
    others = chosen.of(both, grouped.patients) if chosen else {}
    results: dict[str, Any] = {}
    for name, (value,) in both(np.ones((1, len(grouped.labels)))).items():
        known = not np.isnan(value)
        results[name] = float(value) if known else None
        results[f"{name}_interval"] = (
            chosen.interval(
                float(value), others[name], patients_behind(grouped, name), grouped.image_count
            )
            if chosen and known
            else None
        )
    return results
