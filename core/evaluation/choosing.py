"""What choosing the best of several models on the patients that judge them would flatter by."""

from collections.abc import Mapping
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
        asked = (first.rounds == round_) & (first.folds == fold)
        others = (first.rounds == round_) & (first.folds != fold)
        judged = {name: _auroc(each.of(others)) for name, each in candidates.items()}
        chosen = max(judged, key=lambda name: judged[name])
        if judged[chosen] < 0:  # one fold, or others of one class: nothing can be chosen
            return Charged(best, whole[best], None)
        probabilities[asked] = candidates[chosen].probabilities[asked]
    mixed = Predictions(**{**vars(first), "probabilities": probabilities})
    return Charged(best, whole[best], _auroc(mixed))


def _auroc(predictions: Predictions) -> float:
    """-1 where there is none."""
    if not len(predictions.labels):
        return -1.0
    value = main_values(predictions)["auroc"]
    return -1.0 if value is None else value
