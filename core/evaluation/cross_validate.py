"""Cross-validation in which nothing is chosen on the patients that are tested."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.evaluation.balance import balance_weights
from core.evaluation.calibration import apply_temperature, fit_temperature
from core.evaluation.operating_point import choose_thresholds

_TWO = 2
# Images, and the logits that one model, (n, K), or each candidate has for them, (C, n, K).
_Inner = tuple[NDArray[np.int64], NDArray[np.float64]]


class Predict(Protocol):
    """Logits (V, n, K) of some rows in each of V views; `plain` is the first, of unchanged images.

    A view that lacks an image has NaN for it.
    """

    def __call__(self, rows: NDArray[np.int64], /, *, plain: bool = False) -> NDArray[np.float64]:
        """Of rows (n,)."""


Fitter = Callable[[NDArray[np.int64]], Predict]
"""Fit on these rows."""
CandidateFitter = Callable[[NDArray[np.int64], Sequence[int]], Sequence[Predict]]
"""Fit on these rows under each of some candidates, such as penalties, given by their numbers."""
_LEAST = 1e-6  # probability; one that is 0 would make a loss without end


@dataclass(frozen=True)
class Changed:
    """Some of the images, changed in C ways, each a further view.

    Attributes
    ----------
    rows : int64 array, shape (n,)
        Which of the images; ascending.
    values : float64 array, shape (C, n, F)
        Features or logits.
    """

    rows: NDArray[np.int64]
    values: NDArray[np.float64]

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Values of other rows, (C, m, F); NaN for those that were not changed."""
        known = np.isin(rows, self.rows)
        values = np.full((len(self.values), len(rows), self.values.shape[2]), np.nan)
        values[:, known] = self.values[:, np.searchsorted(self.rows, rows[known])]
        return values


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
    """Logits by models that had not seen the image's fold, and what was chosen without it.

    Attributes
    ----------
    folds : int64 array, shape (S, N)
        Fold of each of S rounds that an image was held out in; -1 if it never was.
    logits : float64 array, shape (S, V, N, K)
        In V views; NaN where the fold is -1, and where a view has no such image.
    decisions : tuple of tuple of Decision
        One for each fold of each round.
    inner : tuple of tuple, or None
        What that was chosen on, for each fold of each round: images of the other folds, (n,), and
        their logits, (n, K), by models that had seen neither fold.
    """

    folds: NDArray[np.int64]
    logits: NDArray[np.float64]
    decisions: tuple[tuple[Decision, ...], ...]
    inner: tuple[tuple[_Inner, ...], ...] | None = None

    @property
    def places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Round and image of each of the R held-out predictions, (R,) each."""
        rounds, images = np.nonzero(self.folds >= 0)
        return rounds, images

    def probabilities(self, view: int = 0) -> NDArray[np.float64]:
        """Calibrated probabilities at the `places`, (R, K)."""
        rounds, images = self.places
        folds = self.folds[rounds, images]
        chances = np.full((len(images), self.logits.shape[3]), np.nan)
        for round_, decisions in enumerate(self.decisions):
            for fold, decision in enumerate(decisions):
                rows = (rounds == round_) & (folds == fold)
                logits = self.logits[round_, view, images[rows]]
                chances[rows] = apply_temperature(logits, decision.temperature)
        return chances

    def thresholds(self) -> NDArray[np.float64] | None:
        """Thresholds at the `places`, one a rule, (R, rules); None for more than two classes."""
        if self.decisions[0][0].thresholds is None:
            return None
        rounds, images = self.places
        chosen = np.array(
            [[decision.thresholds for decision in round_] for round_ in self.decisions]
        )
        return np.asarray(chosen[rounds, self.folds[rounds, images]], dtype=np.float64)

    def decide(self, labels: NDArray[np.int64], patients: NDArray[np.object_]) -> Decision:
        """Temperature and thresholds of the final model: from all held-out logits together."""
        rounds, images = self.places
        return fit_decision(self.logits[rounds, 0, images], labels[images], patients[images])


def cross_validate(
    fit: Fitter,
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    folds: NDArray[np.int64],
    progress: Callable[[float], None] = lambda _: None,
) -> HeldOut:
    """Test every fold of every round by a model that was not fitted on it.

    Temperature and thresholds for a fold come from the other folds, each answered by a model that
    was fitted on neither: one more fit for each pair of folds. With a fold for each patient it is
    leaving one patient out.

    Parameters
    ----------
    fit : callable
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    folds : int64 array, shape (S, N)
        From 0; -1 for images that are trained on in every fold.
    progress : callable
        Told the share done, in [0, 1].
    """
    return choose_and_cross_validate(
        lambda rows, _: [fit(rows)], 1, labels, patients, folds, progress
    )[0]


def choose_and_cross_validate(
    fit: CandidateFitter,
    candidates: int,
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    folds: NDArray[np.int64],
    progress: Callable[[float], None] = lambda _: None,
) -> tuple[HeldOut, int]:
    """As `cross_validate`, where one of some candidates is to be chosen, too.

    For a fold it is chosen on the other folds, by the same models that its threshold is chosen by:
    they have seen neither. The one with the lowest mean logarithmic loss is taken, every patient
    alike; of equal ones the first. Nested cross-validation (Varma & Simon 2006) whose inner folds
    are the outer ones.

    Parameters
    ----------
    fit : callable
    candidates : int
        How many there are; the most careful stands first.
    labels, patients, folds, progress
        As `cross_validate` takes them.

    Returns
    -------
    HeldOut
    int
        The candidate for a model of all: that which serves best over all folds.
    """
    number = int(folds.max()) + 1
    fits = len(folds) * number * (number + 1) // 2
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        progress(done / fits)

    logits, decisions, inners = [], [], []
    total = np.zeros(candidates)
    for fold_of in folds:
        rows = [np.flatnonzero(fold_of == fold) for fold in range(number)]
        inner: list[list[_Inner]] = [[] for _ in rows]
        for first in range(number):
            for second in range(first + 1, number):
                train = np.flatnonzero((fold_of != first) & (fold_of != second))
                predicts = fit(train, range(candidates))
                for tested, chosen_on in ((first, second), (second, first)):
                    # A class that both folds share alone was not trained on: nothing can be
                    # learnt from how its images are answered.
                    known = rows[chosen_on][np.isin(labels[rows[chosen_on]], labels[train])]
                    plain = [predict(known, plain=True)[0] for predict in predicts]
                    inner[tested].append((known, np.stack(plain)))
                count()
        chosen: list[Decision] = []
        answered: list[_Inner] = []
        answers = None
        for fold, parts in enumerate(inner):
            others = np.concatenate([images for images, _ in parts])
            held_out = np.concatenate([values for _, values in parts], axis=1)
            losses = _losses(held_out, labels[others], patients[others])
            total += losses
            best = int(losses.argmin())
            chosen.append(fit_decision(held_out[best], labels[others], patients[others]))
            answered.append((others, held_out[best]))
            values = fit(np.flatnonzero(fold_of != fold), (best,))[0](rows[fold])
            if answers is None:
                answers = np.full((len(values), len(labels), values.shape[2]), np.nan)
            answers[:, rows[fold]] = values
            count()
        logits.append(answers)
        decisions.append(tuple(chosen))
        inners.append(tuple(answered))
    everything = np.array(logits, dtype=np.float64)
    held = HeldOut(folds, everything, tuple(decisions), tuple(inners))
    return held, int(total.argmin())


def _losses(
    logits: NDArray[np.float64], labels: NDArray[np.int64], patients: NDArray[np.object_]
) -> NDArray[np.float64]:
    """Mean logarithmic loss of each candidate, (C,), every patient alike."""
    if len(logits) == 1:
        return np.zeros(1)
    alike = balance_weights(labels, patients, balance="patient")
    rows = np.arange(len(labels))
    right = np.stack([apply_temperature(each, 1.0)[rows, labels] for each in logits])
    losses: NDArray[np.float64] = -(np.log(np.clip(right, _LEAST, 1)) @ alike) / alike.sum()
    return losses


def hold_out(
    predict: Predict,
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    chosen_on: NDArray[np.int64],
    tested: NDArray[np.int64],
) -> HeldOut:
    """Test one model on images that nothing was chosen on.

    Parameters
    ----------
    predict : callable
        Of a model that was fitted on other images.
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    chosen_on, tested : int64 array
        Rows that temperature and thresholds are chosen on, and those that are tested.
    """
    decision = fit_decision(
        predict(chosen_on, plain=True)[0], labels[chosen_on], patients[chosen_on]
    )
    values = predict(tested)
    logits = np.full((1, len(values), len(labels), values.shape[2]), np.nan)
    logits[0][:, tested] = values
    folds = np.full((1, len(labels)), -1)
    folds[0, tested] = 0
    return HeldOut(folds, logits, ((decision,),))


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
    if logits.shape[1] > _TWO:
        return Decision(temperature, None)
    chances = apply_temperature(logits, temperature)[:, 1]
    return Decision(temperature, choose_thresholds(labels, chances, patients))
