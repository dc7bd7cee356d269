"""What choosing the best of several models on the patients that judge them would flatter by."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from core.evaluation.judge import main_values
from core.evaluation.predictions import Predictions


class Charged(NamedTuple):
    """The best model's AUROC, and what is left of it where patients do not choose their judge.

    `best` is its name and `apparent` its AUROC on all patients; `charged` that of answering each
    fold by the model that was best on the others. None where it cannot be worked out.
    """

    best: str
    apparent: float
    charged: float | None

    @property
    def optimism(self) -> float | None:
        """How far choosing on the same patients flatters."""
        return None if self.charged is None else self.apparent - self.charged


def charge_for_choosing(candidates: Mapping[str, Predictions]) -> Charged:
    """Judge the choice of the best: in every fold by the model that the other folds call best.

    So the choice is part of what is judged, as in nested cross-validation (Varma & Simon 2006,
    doi:10.1186/1471-2105-7-91; Tibshirani & Tibshirani 2009, doi:10.1214/08-AOAS224).

    Parameters
    ----------
    candidates : mapping of str to Predictions
        By name, on the same rows in the same folds.

    Raises
    ------
    ValueError
        If the rows or folds differ.
    """
    first = next(iter(candidates.values()))
    for other in candidates.values():
        if not all(
            np.array_equal(getattr(first, name), getattr(other, name))
            for name in ("images", "rounds", "folds")
        ):
            raise ValueError("the candidates were judged on other rows or folds")
    whole = {name: _auroc(predictions) for name, predictions in candidates.items()}
    best = max(whole, key=lambda name: whole[name])
    probabilities = first.probabilities.copy()
    for round_, fold in np.unique(np.stack([first.rounds, first.folds]), axis=1).T:
        rows = (first.rounds == round_) & (first.folds == fold)
        others = (first.rounds == round_) & (first.folds != fold)
        judged = {name: _auroc(each.of(others)) for name, each in candidates.items()}
        chosen = max(judged, key=lambda name: judged[name])
        if judged[chosen] < 0:  # one fold, or others of one class: nothing can be chosen
            return Charged(best, whole[best], None)
        probabilities[rows] = candidates[chosen].probabilities[rows]
    mixed = replace(first, probabilities=probabilities)
    return Charged(best, whole[best], _auroc(mixed))


def _auroc(predictions: Predictions) -> float:
    """-1 where there is none."""
    if not len(predictions.labels):
        return -1.0
    value = main_values(predictions)["auroc"]
    return -1.0 if value is None else value


class Nested(NamedTuple):
    """What choosing the best candidate is worth, where the choice is part of what is judged.

    `validation` is each candidate's AUROC on validation patients, the mean over folds, and `winner`
    the best by it; `predictions` are held out, those of each fold by the candidate that validation
    patients outside of it chose; `chosen` counts these folds by candidate.
    """

    winner: str
    validation: dict[str, float]
    predictions: Predictions
    chosen: dict[str, int]


def choose_on_validation(
    held_out: Mapping[str, Predictions], validation: Mapping[str, Predictions]
) -> Nested:
    """Choose the best on validation patients, anew for every fold that judges.

    No patient has a say in the choice of who answers them: neither their own images, nor a model
    that has learnt from them. Nested cross-validation, see `charge_for_choosing`.

    Parameters
    ----------
    held_out : mapping of str to Predictions
        By name, on the same rows in the same folds: by models that did not learn from the fold.
    validation : mapping of str to Predictions
        What the same models answered on patients of another fold that they did not learn from; the
        fold of a row is the one that its model is judged on.
    """
    first = next(iter(held_out.values()))
    figures: dict[str, list[float]] = {name: [] for name in held_out}
    probabilities = first.probabilities.copy()
    thresholds = None if first.thresholds is None else first.thresholds.copy()
    others = None if first.other_thresholds is None else first.other_thresholds.copy()
    chosen = dict.fromkeys(held_out, 0)
    for round_, fold in np.unique(np.stack([first.rounds, first.folds]), axis=1).T:
        judged = {
            name: _auroc(each.of((each.rounds == round_) & (each.folds == fold)))
            for name, each in validation.items()
        }
        # Of equal ones the first; so too where patients of one class cannot choose.
        best = max(judged, key=lambda name: judged[name])
        if judged[best] >= 0:
            for name, value in judged.items():
                figures[name].append(max(value, 0.0))
        chosen[best] += 1
        rows = (first.rounds == round_) & (first.folds == fold)
        probabilities[rows] = held_out[best].probabilities[rows]
        theirs = held_out[best]
        if thresholds is not None and theirs.thresholds is not None:
            thresholds[rows] = theirs.thresholds[rows]
        if others is not None and theirs.other_thresholds is not None:
            others[rows] = theirs.other_thresholds[rows]
    mixed = replace(
        first, probabilities=probabilities, thresholds=thresholds, other_thresholds=others
    )
    means = {name: float(np.mean(values or [0.0])) for name, values in figures.items()}
    return Nested(max(means, key=lambda name: means[name]), means, mixed, chosen)
