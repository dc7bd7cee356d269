"""The one judge: held-out predictions in, an evaluation out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol as TypingProtocol

import numpy as np
from numpy.typing import NDArray

from core.errors import EvaluationError
from core.evaluation.bootstrap import (
    DRAWS,
    Draws,
    Interval,
    draw_patients,
    no_interval,
    percentiles,
    resample,
)
from core.evaluation.compare import Comparison, compare
from core.evaluation.estimand import (
    ESTIMANDS,
    FIRST,
    MEANINGS,
    PROTOCOLS,
    Estimand,
    estimand_of,
)
from core.evaluation.metrics import (
    HEADLINE,
    OF_A_CLASS,
    TO_COMPARE,
    Figures,
    auroc_of_draws,
    confusion,
    figures,
    figures_to_compare,
    main_figures,
)
from core.evaluation.predictions import Predictions

_OF_CLASS = " of class"


@dataclass(frozen=True)
class Figure:
    """A figure of one estimand; `why` says why the value or its interval is missing."""

    value: float | None
    interval: Interval | None = None
    why: str | None = None
    estimand: Estimand = "pooled"


@dataclass(frozen=True)
class ClassEvaluation:
    """Figures of one class against the others, by the names in `metrics.OF_A_CLASS`."""

    name: str
    patients: int
    images: int
    figures: dict[str, Figure]


@dataclass(frozen=True)
class Evaluation:
    """What held-out predictions are worth.

    Attributes
    ----------
    patients, images, rounds : int
        An image counts once, however many rounds it was predicted in.
    estimand : "pooled", "folds" or "patients"
        The one that stands first, `core.evaluation.estimand.FIRST`.
    how : str
        Who predicted what and what the figures are figures of, in sentences.
    figures : dict of str to Figure
        Of that estimand, by the names in `metrics.HEADLINE`, in that order.
    others : dict of estimand to dict of str to Figure
        The figures in `metrics.TO_COMPARE` by each other estimand.
    by_class : tuple of ClassEvaluation
        In the order of the classes.
    confusion : float64 array, shape (K, K)
        Images of each class (rows) called each class (columns), the mean over rounds.
    colour : Comparison or None
        The model beside colour alone, paired by patient; None where colour alone was not given, or
        nothing can be told apart.
    no_interval : str or None
        Why there are no intervals.
    stratified : bool
        Whether patients were drawn within those of the same classes.
    """

    patients: int
    images: int
    rounds: int
    estimand: Estimand
    how: str
    figures: dict[str, Figure]
    others: dict[Estimand, dict[str, Figure]]
    by_class: tuple[ClassEvaluation, ...]
    confusion: NDArray[np.float64] = field(compare=False)
    colour: Comparison | None
    no_interval: str | None
    stratified: bool

    def by(self, estimand: Estimand) -> dict[str, Figure]:
        """The figures that there are by an estimand; those that have only one are in each."""
        return self.figures if estimand == self.estimand else self.others[estimand]


def evaluation_of(
    predictions: Predictions,
    colour: Predictions | None = None,
    *,
    threshold: float | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Evaluation:
    """Work out every figure, with 95 % intervals by bootstrap over patients.

    Parameters
    ----------
    predictions : Predictions
    colour : Predictions, optional
        Of colour alone on the same split, `Predictions.colour`.
    threshold : float, optional
        On the positive class's probability; by default each row's own, see `Predictions.calls`.
    draws : int
        0 gives no intervals and takes no time.
    seed : int

    Raises
    ------
    EvaluationError
        If there are no rows.
    """
    if not len(predictions.labels):
        raise EvaluationError(
            "There is no held-out prediction to evaluate: no rows are left. Choose other groups."
        )
    reason, chosen = _drawn(predictions, draws, seed)
    first = FIRST[predictions.protocol]
    figure = _by_name(predictions, first, figures, threshold, chosen, reason)
    others = {}
    for estimand in _others(predictions):
        other = _by_name(predictions, estimand, figures_to_compare, threshold, chosen, reason)
        others[estimand] = {name: other(name) for name in TO_COMPARE}
    return Evaluation(
        patients=predictions.patient_count,
        images=predictions.image_count,
        rounds=len(np.unique(predictions.rounds)),
        estimand=first,
        how=f"{PROTOCOLS[predictions.protocol]} {MEANINGS[first]}",
        figures={name: figure(name) for name in HEADLINE},
        others=others,
        by_class=tuple(
            ClassEvaluation(
                name,
                images.patient_count,
                images.image_count,
                {measure: figure(measure, label) for measure in OF_A_CLASS},
            )
            for label, name in enumerate(predictions.classes)
            for images in [predictions.of(predictions.labels == label)]
        ),
        confusion=confusion(predictions, threshold),
        colour=_beside(predictions, colour, draws, seed) if colour else None,
        no_interval=reason,
        stratified=chosen is not None and chosen.stratified,
    )


def _drawn(predictions: Predictions, draws: int, seed: int) -> tuple[str | None, Draws | None]:
    """Why no interval can be given, and the patients that were drawn; neither for no draws."""
    if not draws:
        return None, None
    reason = no_interval(predictions.patients, predictions.labels, predictions.classes)
    if reason:
        return reason, None
    return None, draw_patients(predictions.patients, predictions.labels, draws=draws, seed=seed)


def _others(predictions: Predictions) -> list[Estimand]:
    """Estimands but the first; of one model's predictions folds are nothing of their own."""
    known = [
        estimand for estimand in ESTIMANDS if estimand != "folds" or predictions.protocol == "folds"
    ]
    return [estimand for estimand in known if estimand != FIRST[predictions.protocol]]


class _ByName(TypingProtocol):
    """Gives a figure by its name, and its class."""

    def __call__(self, name: str, label: int | None = None) -> Figure: ...


def _by_name(
    predictions: Predictions,
    estimand: Estimand,
    work_out: Callable[..., Figures],
    threshold: float | None,
    draws: Draws | None,
    reason: str | None,
) -> _ByName:
    """Figures of one estimand, with their intervals where patients could be drawn."""
    grouped = predictions.grouped(estimand)
    whole = work_out(grouped, np.ones((1, len(grouped.labels))), threshold)
    drawn = None
    if draws is not None:
        drawn = resample(
            lambda weights: work_out(grouped, weights, threshold), grouped.patients, draws
        )

    def figure(name: str, label: int | None = None) -> Figure:
        at = (0,) if label is None else (0, label)
        key, kind = name + _OF_CLASS * (label is not None), estimand_of(name, estimand)
        value = float(whole[key][at])
        if np.isnan(value):
            return Figure(None, None, _why_missing(name, grouped, label), kind)
        if drawn is None:
            return Figure(value, None, reason, kind)
        return Figure(value, percentiles(drawn[key][(slice(None), *at[1:])]), None, kind)

    return figure


def auroc_of(predictions: Predictions, estimand: Estimand, *, draws: int = DRAWS) -> Figure:
    """AUROC by an estimand, and nothing else: quick where images are many."""
    grouped = predictions.grouped(estimand)
    kind = estimand_of("auroc", estimand)
    people = np.unique(grouped.patients.astype(str))
    value = float(auroc_of_draws(grouped, people, np.ones((1, len(people))))[0])
    if np.isnan(value):
        return Figure(None, None, _why_missing("auroc", grouped, None), kind)
    reason, chosen = _drawn(grouped, draws, 0)
    if chosen is None:
        return Figure(value, None, reason, kind)
    return Figure(value, percentiles(auroc_of_draws(grouped, people, chosen.counts)), None, kind)


def main_values(predictions: Predictions) -> dict[str, float | None]:
    """AUROC and balanced accuracy of a model and AUROC of colour alone, without intervals.

    Keys: auroc, balanced_accuracy, colour_auroc. None where there are not two classes.
    """
    colour = predictions.colour()
    values = {name: values_of_draws[0] for name, values_of_draws in _main(predictions).items()}
    values["colour_auroc"] = _main(colour)["auroc"][0] if colour else np.nan
    return {name: None if np.isnan(value) else float(value) for name, value in values.items()}


def _main(predictions: Predictions) -> Figures:
    return main_figures(
        predictions.grouped(FIRST[predictions.protocol]), np.ones((1, len(predictions.labels)))
    )


def _beside(
    predictions: Predictions, colour: Predictions, draws: int, seed: int
) -> Comparison | None:
    try:
        return compare(predictions.beside_colour(), colour, draws=draws, seed=seed)
    except EvaluationError:
        return None


def _why_missing(name: str, predictions: Predictions, label: int | None) -> str:
    present = np.unique(predictions.labels)
    if len(present) == 1:
        only = predictions.classes[int(present[0])]
        return f"All images are {only}, so there is nothing to tell apart."
    if label is not None and label not in present:
        return f"There is no image of {predictions.classes[label]}."
    if name == "macro_precision":
        return "A class was never called, so its share of right calls is missing from the mean."
    if name.startswith("precision"):
        return "No image was called so, so there is no share of right ones."
    if predictions.protocol == "patients":
        return "No patient has images of this class and of others, so there is nothing to compare."
    return "No model predicted images of this class beside others, so nothing can be compared."
