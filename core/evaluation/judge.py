"""The one judge: held-out predictions in, an evaluation out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol as TypingProtocol

import numpy as np
from numpy.typing import NDArray

from core.errors import EvaluationError
from core.evaluation.bootstrap import DRAWS, Interval, no_interval
from core.evaluation.compare import Comparison, compare
from core.evaluation.estimand import BESIDE, FIRST, MEANINGS, PROTOCOLS, Estimand, estimand_of
from core.evaluation.few_patients import is_few
from core.evaluation.intervals import Resampling, resampling
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
from core.evaluation.next_patient import NextPatient, next_patient
from core.evaluation.patients_behind import patients_behind
from core.evaluation.predictions import Predictions

_OF_CLASS = " of class"


@dataclass(frozen=True)
class Figure:
    """A figure of one estimand.

    Attributes
    ----------
    value : float or None
    interval : tuple of float, or None
        95 %, over patients; see `core.evaluation.intervals`.
    why : str or None
        Why the value or its interval is missing.
    estimand : "alike", "patients", "pooled" or "folds"
    patients : int
        That it rests on, see `core.evaluation.patients_behind`.
    """

    value: float | None
    interval: Interval | None = None
    why: str | None = None
    estimand: Estimand = FIRST
    patients: int = 0

    @property
    def few(self) -> bool:
        """Whether it is to be marked, because too few patients stand behind it."""
        return self.value is not None and is_few(self.patients)


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
    estimand : "alike", "patients", "pooled" or "folds"
        The one that stands first.
    how : str
        Who predicted what and what the figures are figures of, in sentences.
    figures : dict of str to Figure
        Of that estimand, by the names in `metrics.HEADLINE`, in that order.
    others : dict of estimand to dict of str to Figure
        The figures in `metrics.TO_COMPARE` by each estimand that stands beside it.
    by_class : tuple of ClassEvaluation
        In the order of the classes.
    confusion : float64 array, shape (K, K)
        Images of each class (rows) called each class (columns), the mean over rounds.
    next_patient : tuple of NextPatient
        In the order of the classes.
    colour : Comparison or None
        The model beside colour alone, paired by patient; None where colour alone was not given, or
        nothing can be told apart.
    no_interval : str or None
        Why there are no intervals.
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
    next_patient: tuple[NextPatient, ...]
    colour: Comparison | None
    no_interval: str | None

    @property
    def few(self) -> bool:
        """Whether its figures are to be marked, because too few patients stand behind them."""
        return is_few(self.patients)

    def by(self, estimand: Estimand) -> dict[str, Figure]:
        """The figures that there are by an estimand; those that have only one are in each."""
        return self.figures if estimand == self.estimand else self.others[estimand]


def evaluation_of(
    predictions: Predictions,
    colour: Predictions | None = None,
    *,
    threshold: float | None = None,
    estimand: Estimand = FIRST,
    draws: int = DRAWS,
    seed: int = 0,
) -> Evaluation:
    """Work out every figure, with 95 % intervals over patients.

    Parameters
    ----------
    predictions : Predictions
    colour : Predictions, optional
        Of colour alone on the same split, `Predictions.colour`.
    threshold : float, optional
        On the positive class's probability; by default each row's own, see `Predictions.calls`.
    estimand : "alike", "patients", "pooled" or "folds"
        That stands first; another one to work out again what an older card says.
    draws : int
        Of a bootstrap; 0 gives no intervals and takes no time.
    seed : int

    Raises
    ------
    EvaluationError
        If there are no rows.
    """
    if not len(predictions.labels):
        raise EvaluationError(
            "No held-out prediction to evaluate: no rows are left. Choose other groups."
        )
    reason, chosen = _resampled(predictions, draws, seed)
    figure = _by_name(predictions, estimand, figures, threshold, chosen, reason)
    others = {}
    for beside in BESIDE:
        if beside != estimand:
            other = _by_name(predictions, beside, figures_to_compare, threshold, chosen, reason)
            others[beside] = {name: other(name) for name in TO_COMPARE}
    return Evaluation(
        patients=predictions.patient_count,
        images=predictions.image_count,
        rounds=len(np.unique(predictions.rounds)),
        estimand=estimand,
        how=f"{PROTOCOLS[predictions.protocol]} {MEANINGS[estimand]}",
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
        next_patient=next_patient(predictions, threshold),
        colour=_beside(predictions, colour, estimand, draws, seed) if colour else None,
        no_interval=reason,
    )


def _resampled(
    predictions: Predictions, draws: int, seed: int
) -> tuple[str | None, Resampling | None]:
    """Why no interval can be given, or patients drawn or left out; neither for no draws."""
    if not draws:
        return None, None
    reason = no_interval(predictions.patients, predictions.labels, predictions.classes)
    if reason:
        return reason, None
    return None, resampling(predictions.patients, predictions.labels, draws=draws, seed=seed)


class _ByName(TypingProtocol):
    """Gives a figure by its name, and its class."""

    def __call__(self, name: str, label: int | None = None) -> Figure: ...


def _by_name(
    predictions: Predictions,
    estimand: Estimand,
    work_out: Callable[..., Figures],
    threshold: float | None,
    chosen: Resampling | None,
    reason: str | None,
) -> _ByName:
    """Figures of one estimand, with their intervals where patients could be drawn or left out."""
    grouped = predictions.grouped(estimand)
    whole = work_out(grouped, np.ones((1, len(grouped.labels))), threshold)
    others = None
    if chosen is not None:
        others = chosen.of(lambda weights: work_out(grouped, weights, threshold), grouped.patients)
    images = grouped.image_count

    def figure(name: str, label: int | None = None) -> Figure:
        at = (0,) if label is None else (0, label)
        key, kind = name + _OF_CLASS * (label is not None), estimand_of(name, estimand)
        value, people = float(whole[key][at]), patients_behind(grouped, name, label)
        if np.isnan(value):
            return Figure(None, None, _why_missing(name, grouped, label), kind, people)
        if others is None or chosen is None:
            return Figure(value, None, reason, kind, people)
        values = others[key][(slice(None), *at[1:])]
        # Of more than two classes the Brier score is a sum over them, up to 2.
        highest = 2.0 if name == "brier" and not grouped.binary else 1.0
        between = chosen.interval(value, values, people, images, highest)
        return Figure(value, between, None, kind, people)

    return figure


def auroc_of(predictions: Predictions, estimand: Estimand, *, draws: int = DRAWS) -> Figure:
    """AUROC by an estimand, and nothing else: quick where images are many."""
    grouped = predictions.grouped(estimand)
    kind = estimand_of("auroc", estimand)
    people, behind = np.unique(grouped.patients.astype(str)), patients_behind(grouped, "auroc")
    value = float(auroc_of_draws(grouped, people, np.ones((1, len(people))))[0])
    if np.isnan(value):
        return Figure(None, None, _why_missing("auroc", grouped, None), kind, behind)
    reason, chosen = _resampled(grouped, draws, 0)
    if chosen is None:
        return Figure(value, None, reason, kind, behind)
    values = auroc_of_draws(grouped, people, chosen.draws.counts)
    between = chosen.interval(value, values, behind, grouped.image_count)
    return Figure(value, between, None, kind, behind)


def main_values(predictions: Predictions, estimand: Estimand = FIRST) -> dict[str, float | None]:
    """AUROC and balanced accuracy of a model and AUROC of colour alone, without intervals.

    Keys: auroc, balanced_accuracy, colour_auroc. None where there are not two classes.
    """
    colour = predictions.colour()
    values = {name: of_draws[0] for name, of_draws in _main(predictions, estimand).items()}
    values["colour_auroc"] = _main(colour, estimand)["auroc"][0] if colour else np.nan
    return {name: None if np.isnan(value) else float(value) for name, value in values.items()}


def _main(predictions: Predictions, estimand: Estimand) -> Figures:
    return main_figures(predictions.grouped(estimand), np.ones((1, len(predictions.labels))))


def _beside(
    predictions: Predictions, colour: Predictions, estimand: Estimand, draws: int, seed: int
) -> Comparison | None:
    try:
        return compare(
            predictions.beside_colour(), colour, estimand=estimand, draws=draws, seed=seed
        )
    except EvaluationError:
        return None


def _why_missing(name: str, predictions: Predictions, label: int | None) -> str:
    present = np.unique(predictions.labels)
    if len(present) == 1:
        only = predictions.classes[int(present[0])]
        return f"All images are {only}: nothing to tell apart."
    if label is not None and label not in present:
        return f"There is no image of {predictions.classes[label]}."
    if name == "macro_precision":
        return "A class was never called, so its precision is missing from the mean."
    if name.startswith("precision"):
        return "No image was called so."
    if predictions.protocol == "patients":
        return "No patient has images of this class and of others."
    return "No model predicted images of this class and of others."
