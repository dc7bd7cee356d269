"""A judgement of held-out answers: every figure with its interval, or why it has none."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.errors import EvaluationError
from core.evaluation.bootstrap import (
    DRAWS,
    Interval,
    draw_patients,
    no_interval,
    percentiles,
    resample,
)
from core.evaluation.metrics import HEADLINE, OF_A_CLASS, confusion, figures
from core.evaluation.predictions import PROTOCOLS, Predictions

_OF_CLASS = " of class"


@dataclass(frozen=True)
class Figure:
    """A figure; `why` says why the value or its interval is missing."""

    value: float | None
    interval: Interval | None = None
    why: str | None = None


@dataclass(frozen=True)
class ClassJudgement:
    """Figures of one class against the others, by the names in `metrics.OF_A_CLASS`."""

    name: str
    patients: int
    images: int
    figures: dict[str, Figure]


@dataclass(frozen=True)
class Judgement:
    """What held-out answers are worth.

    Attributes
    ----------
    patients, images, rounds : int
        An image counts once, however many rounds it was answered in.
    how : str
        What the figures are figures of, in a sentence or two.
    figures : dict of str to Figure
        By the names in `metrics.HEADLINE`, in that order.
    by_class : tuple of ClassJudgement
        In the order of the classes.
    confusion : float64 array, shape (K, K)
        Images of each class (rows) called each class (columns), the mean over rounds.
    no_interval : str or None
        Why there are no intervals.
    stratified : bool
        Whether patients were drawn within those of the same classes.
    """

    patients: int
    images: int
    rounds: int
    how: str
    figures: dict[str, Figure]
    by_class: tuple[ClassJudgement, ...]
    confusion: NDArray[np.float64] = field(compare=False)
    no_interval: str | None
    stratified: bool


def judge(
    predictions: Predictions,
    *,
    threshold: float | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Judgement:
    """Work out every figure, with 95 % intervals by bootstrap over patients.

    Parameters
    ----------
    predictions : Predictions
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
            "There is no held-out answer to judge: no rows are left. Choose other groups."
        )
    whole = figures(predictions, np.ones((1, len(predictions.labels))), threshold)
    reason, drawn, stratified = None, None, False
    if draws:
        reason = no_interval(predictions.patients, predictions.labels, predictions.classes)
        if reason is None:
            chosen = draw_patients(predictions.patients, predictions.labels, draws=draws, seed=seed)
            stratified = chosen.stratified
            drawn = resample(
                lambda weights: figures(predictions, weights, threshold),
                predictions.patients,
                chosen,
            )

    def figure(name: str, label: int | None = None) -> Figure:
        at = (0,) if label is None else (0, label)
        value = float(whole[name][at])
        if np.isnan(value):
            return Figure(None, why=_why_missing(name, predictions, label))
        if drawn is None:
            return Figure(value, why=reason)
        return Figure(value, percentiles(drawn[name][(slice(None), *at[1:])]))

    by_class = []
    for label, name in enumerate(predictions.classes):
        own = predictions.of(predictions.labels == label)
        found = {each: figure(each + _OF_CLASS, label) for each in OF_A_CLASS}
        by_class.append(ClassJudgement(name, own.patient_count, own.image_count, found))
    return Judgement(
        patients=predictions.patient_count,
        images=predictions.image_count,
        rounds=len(np.unique(predictions.rounds)),
        how=PROTOCOLS[predictions.protocol],
        figures={name: figure(name) for name in HEADLINE},
        by_class=tuple(by_class),
        confusion=confusion(predictions, threshold),
        no_interval=reason,
        stratified=stratified,
    )


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
    return "No model answered images of this class beside others, so there is nothing to compare."
