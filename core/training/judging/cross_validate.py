"""Repeated cross-validation in which nothing is chosen on the patients that are tested."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.folds import Answers
from core.inference.classifier import apply_temperature
from core.training.judging.fitter import Fitter
from core.training.judging.held_out import Decision, fit_decision


@dataclass(frozen=True)
class CrossValidated:
    """Held-out logits of S rounds over F folds, and what was chosen for each fold without it.

    Attributes
    ----------
    folds : int64 array, shape (S, N)
        Fold that an image was tested in; -1 if it never was.
    logits : float64 array, shape (S, V, N, K)
        NaN where the fold is -1.
    temperatures : float64 array, shape (S, F)
    thresholds : float64 array, shape (S, F), or None
        On the calibrated probability of class 1; None for more than two classes.
    other_thresholds : float64 array, shape (R, S, F), or None
        By the other rules of `core.evaluation.operating_point.RULES`.
    """

    folds: NDArray[np.int64]
    logits: NDArray[np.float64]
    temperatures: NDArray[np.float64]
    thresholds: NDArray[np.float64] | None
    other_thresholds: NDArray[np.float64] | None = None

    def answers(self, view: int = 0) -> Answers:
        """Calibrated probabilities and calls in one view."""
        probabilities = np.full(self.logits[:, view].shape, np.nan)
        calls = np.full(self.folds.shape, -1)
        for round_, folds in enumerate(self.folds):
            for fold, temperature in enumerate(self.temperatures[round_]):
                own = folds == fold
                chances = apply_temperature(self.logits[round_, view, own], temperature)
                probabilities[round_, own] = chances
                calls[round_, own] = (
                    chances.argmax(axis=1)
                    if self.thresholds is None
                    else chances[:, 1] >= self.thresholds[round_, fold]
                )
        return Answers(self.folds, probabilities, calls)

    def decide(self, labels: NDArray[np.int64], patients: NDArray[np.object_]) -> Decision:
        """Temperature and thresholds of the final model: from all held-out logits together."""
        rounds, rows = np.nonzero(self.folds >= 0)
        return fit_decision(self.logits[rounds, 0, rows], labels[rows], patients[rows])


def cross_validate(
    fit: Fitter,
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    folds: NDArray[np.int64],
    progress: Callable[[float], None],
) -> CrossValidated:
    """Test every fold of every round by a model that was not fitted on it.

    Temperature and threshold for a fold come from the other folds, each answered by a model that
    was fitted on neither: one more fit for each pair of folds.

    Parameters
    ----------
    fit : callable
    labels : int64 array, shape (N,)
    patients : object array, shape (N,)
    folds : int64 array, shape (S, N)
    progress : callable
        Told the share done, in [0, 1].
    """
    number = int(folds.max()) + 1
    fits = len(folds) * number * (number + 1) // 2
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        progress(done / fits)

    logits, rounds = [], []
    for own in folds:
        rows = [np.flatnonzero(own == fold) for fold in range(number)]
        inner: list[list[tuple[NDArray[np.int64], NDArray[np.float64]]]] = [[] for _ in rows]
        for first in range(number):
            for second in range(first + 1, number):
                train = np.flatnonzero((own != first) & (own != second))
                predict = fit(train)
                for tested, chosen_on in ((first, second), (second, first)):
                    # A class that both folds share alone was not trained on: nothing can be
                    # learnt from how its images are answered.
                    known = rows[chosen_on][np.isin(labels[rows[chosen_on]], labels[train])]
                    inner[tested].append((known, predict(known)[0]))
                tell()
        decisions = []
        answers = None
        for fold, chosen in enumerate(inner):
            others = np.concatenate([part for part, _ in chosen])
            held = np.concatenate([values for _, values in chosen])
            decisions.append(fit_decision(held, labels[others], patients[others]))
            values = fit(np.flatnonzero(own != fold))(rows[fold])
            if answers is None:
                answers = np.full((len(values), len(labels), values.shape[2]), np.nan)
            answers[:, rows[fold]] = values
            tell()
        logits.append(answers)
        rounds.append(decisions)
    return cross_validated(folds, np.array(logits, dtype=np.float64), rounds)


def cross_validated(
    folds: NDArray[np.int64], logits: NDArray[np.float64], decisions: list[list[Decision]]
) -> CrossValidated:
    """Put together what was decided for each fold of each round."""
    thresholds = None
    if decisions[0][0].thresholds is not None:
        thresholds = np.array([[each.thresholds for each in round_] for round_ in decisions])
    return CrossValidated(
        folds,
        logits,
        np.array([[each.temperature for each in round_] for round_ in decisions]),
        None if thresholds is None else thresholds[..., 0],
        None if thresholds is None else np.moveaxis(thresholds[..., 1:], -1, 0),
    )
