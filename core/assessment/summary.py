"""An assessment in words, and for programs."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from core.assessment.assess import Assessment
from core.errors import EvaluationError
from core.evaluation.bootstrap import Interval
from core.evaluation.estimand import ESTIMANDS, titled
from core.evaluation.few_patients import MARK, marked, warning
from core.evaluation.intervals import HOW
from core.evaluation.judge import Evaluation, Figure, evaluation_of
from core.evaluation.next_patient import FLOOR, LEAST_IMAGES, NextPatient
from core.evaluation.patient_level import Rule, by_patient, recognition_rate
from core.evaluation.predictions import Group
from core.registry.card_limits import change_words
from core.registry.card_results import ExpectedOfPatient
from core.registry.card_words import expected_of_next

_RULES: tuple[Rule, ...] = ("mean probability", "majority")
_GROUPS: tuple[Group, ...] = ("magnification", "subtype", "patient")


def to_json(assessment: Assessment) -> dict[str, Any]:
    """Everything but the predictions, as plain values."""
    card, known = assessment.package.card, assessment.known
    people, why = by_patients(assessment)
    colour = assessment.evaluation.colour
    return {
        "model": card.name,
        "model_sha256": assessment.package.model_sha256,
        "dataset": assessment.dataset.name,
        "classes": list(card.classes),
        "leaky": known.leaky,
        "known_patients": list(known.patients),
        "warnings": [*([known.warning] if known.warning else []), *assessment.warnings],
        **_judged(assessment.evaluation),
        "unseen_patients": assessment.unseen and _judged(assessment.unseen),
        "colour": colour and asdict(colour),
        "beats_colour": bool(colour and colour.auroc.higher),
        "colour_how": assessment.colour_how,
        "by_patient": {rule: _judged(by_rule) for rule, by_rule in people.items()},
        "no_patient_level": why,
        "groups": by_groups(assessment),
        "robustness": [point.model_dump() for point in assessment.robustness],
        "robustness_images": assessment.tried_on,
    }


def by_patients(assessment: Assessment) -> tuple[dict[str, Evaluation], str | None]:
    """Figures by patient, by each rule, or why there are none."""
    try:
        return {
            rule: evaluation_of(by_patient(assessment.predictions, rule)) for rule in _RULES
        }, None
    except EvaluationError as error:
        return {}, str(error)


def by_groups(assessment: Assessment) -> dict[Group, dict[str, dict[str, Any]]]:
    """Figures of each magnification, subtype and patient, with the images and patients of each.

    A kind that no image states is empty. Where a figure is missing, because the group is of one
    class for instance, its `why` says the reason.
    """
    evaluations = {
        kind: {
            name: evaluation_of(group)
            for name, group in assessment.predictions.groups(kind).items()
        }
        for kind in _GROUPS
    }
    return {
        kind: {
            name: {
                "patients": group.patients,
                "images": group.images,
                "figures": {figure: asdict(value) for figure, value in group.figures.items()},
                "no_interval": group.no_interval,
            }
            for name, group in judged.items()
        }
        for kind, judged in evaluations.items()
    }


def lines(assessment: Assessment) -> Iterator[str]:
    """What a reader wants to know, a line each."""
    known, evaluation = assessment.known, assessment.evaluation
    card = assessment.package.card
    yield (
        f"{card.name} on {assessment.dataset.name}: {evaluation.images:,} images of "
        f"{evaluation.patients:,} patients. {evaluation.how} {HOW}"
    )
    if evaluation.few:
        yield f"{MARK}: {warning(evaluation.patients)}"
    yield from (text for text in (known.warning, *assessment.warnings) if text)
    yield from _figures(evaluation, leaky=known.leaky)
    yield verdict(assessment)
    if assessment.unseen:
        yield f"Without the patients it was trained on, {assessment.unseen.patients} patients:"
        yield from _figures(assessment.unseen, leaky=False)
    rate, between, _ = recognition_rate(assessment.predictions)
    yield f"Mean patient score: {marked(_between(rate, between), assessment.evaluation.patients)}"
    people, why = by_patients(assessment)
    for rule, judged in people.items():
        yield f"By patient, {rule}:"
        yield from _figures(judged, leaky=known.leaky)
    if why:
        yield why
    for point in assessment.robustness:
        colour = "" if point.colour_auroc is None else f", colour alone {point.colour_auroc:.3f}"
        balanced = (
            ""
            if point.balanced_accuracy is None
            else f", balanced accuracy {point.balanced_accuracy:.3f}"
        )
        yield (
            f"{change_words(point)}: AUROC {point.auroc:.3f}{balanced}{colour} "
            f"({assessment.tried_on:,} images)"
        )


def verdict(assessment: Assessment) -> str:
    """Whether the model beats colour alone, in a sentence or two."""
    colour = assessment.evaluation.colour
    if colour is None:
        return assessment.colour_how
    auroc = colour.auroc
    aurocs = (
        f"AUROC, {ESTIMANDS[colour.estimand]}, {auroc.first:.3f}, colour alone {auroc.second:.3f}"
    )
    if auroc.interval is None:
        return f"{aurocs}. {colour.no_interval} Whether it beats colour is unknown."
    between = f"difference {auroc.difference:+.3f} ({auroc.interval[0]:+.3f} to "
    between += f"{auroc.interval[1]:+.3f}, 95 %, paired over patients)"
    beats = (
        "It beats colour alone"
        if auroc.higher
        else "It is worse than colour alone"
        if auroc.lower
        else "It does NOT beat colour alone beyond chance"
    )
    mark = "LEAKY, for only colour has not seen these patients. " if assessment.known.leaky else ""
    return f"{mark}{beats}: {aurocs}, {between}. {assessment.colour_how}"


def _judged(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "patients": evaluation.patients,
        "images": evaluation.images,
        "few_patients": evaluation.few,
        "estimand": evaluation.estimand,
        "figures": {name: asdict(figure) for name, figure in evaluation.figures.items()},
        "other_estimands": {
            estimand: {name: asdict(figure) for name, figure in figures.items()}
            for estimand, figures in evaluation.others.items()
        },
        "next_patient": [
            {**asdict(expected), "images_at_least": LEAST_IMAGES, "floor": FLOOR}
            for expected in evaluation.next_patient
        ],
        "by_class": [asdict(of_class) for of_class in evaluation.by_class],
        "confusion": evaluation.confusion.tolist(),
        "no_interval": evaluation.no_interval,
    }


def _figures(evaluation: Evaluation, *, leaky: bool) -> Iterator[str]:
    mark = "  LEAKY" if leaky else ""
    for figures in (evaluation.figures, *evaluation.others.values()):
        for name, figure in figures.items():
            yield f"  {titled(name, figure.estimand):<44}{_figure(figure)}{mark}"
    for of_class in evaluation.by_class:
        yield (
            f"  {of_class.name}: {of_class.images:,} images of {of_class.patients} patients, "
            f"sensitivity {_figure(of_class.figures['sensitivity'])}{mark}"
        )
    for expected in evaluation.next_patient:
        if expected.patients:
            yield f"  {_expected(expected)}{mark}"
    if evaluation.no_interval:
        yield f"  {evaluation.no_interval}"


def _expected(expected: NextPatient) -> str:
    return expected_of_next(
        ExpectedOfPatient(**asdict(expected), images_at_least=LEAST_IMAGES, floor=FLOOR)
    )


def _figure(figure: Figure) -> str:
    if figure.value is None:
        return f"– ({figure.why})"
    return marked(_between(figure.value, figure.interval), figure.patients)


def _between(value: float, interval: Interval | None) -> str:
    return f"{value:.3f}" + (f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else "")
