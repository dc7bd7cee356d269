"""Choose thresholds of a binary model on held-out patients."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import EvaluationError
from core.evaluation.conformal import cut_off
from core.evaluation.predictions import patient_weights

WISHED_SENSITIVITY = 0.95


@dataclass(frozen=True)
class Rule:
    """A way to choose a threshold.

    Attributes
    ----------
    kind : "balanced", "sensitive" or "equal cost"
    text : str
        In words.
    column : str
        Of a table of predictions, which holds the thresholds that were chosen by it.
    """

    kind: Literal["balanced", "sensitive", "equal cost"]
    text: str
    column: str


RULES = (
    Rule(
        "balanced",
        "highest mean of sensitivity and specificity, every patient counting the same",
        "threshold",
    ),
    Rule(
        "sensitive",
        f"sensitivity of {WISHED_SENSITIVITY:.0%} in patients left out in turn, every patient "
        "counting the same",
        f"threshold for sensitivity {WISHED_SENSITIVITY:g}",
    ),
    Rule(
        "equal cost",
        "fewest wrong calls, a miss costing as much as a false alarm, every patient counting the "
        "same",
        "threshold for equal cost",
    ),
)
"""The first one's threshold is the one that answers go by; the others are to choose from."""


def choose_thresholds(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.floating],
    patients: NDArray[np.object_],
) -> tuple[float, ...]:
    """One threshold for each of `RULES`.

    An image weighs 1 over the number of its patient's images, as in the figures that the threshold
    is judged by (`core.evaluation.estimand`): a patient with ten times the images has no more say
    than another, because the next patient is a draw from the patients, not from the images.
    "balanced" has the highest mean of sensitivity and specificity (Youden 1950); "equal cost" has
    the highest accuracy. "sensitive" is the highest threshold at which the mean sensitivity of
    patients who were left out in turn is the wished one, `core.evaluation.conformal.cut_off`; with
    too few of them everything is called positive. Of a range of thresholds that are as good the
    middle is taken.

    Parameters
    ----------
    labels : int64 array, shape (N,), 0 or 1
    probabilities : float array, shape (N,), of class 1, from models that did not see the patient
    patients : object array, shape (N,)

    Returns
    -------
    tuple of float in (0, 1)

    Raises
    ------
    EvaluationError
        If only one class is present.
    """
    if len(np.unique(labels)) < 2:  # noqa: PLR2004  (both classes)
        raise EvaluationError(
            "A decision threshold needs held-out images of both classes; only class "
            f"{labels[0] if len(labels) else 'none'} is there. Hold out other patients."
        )
    order = np.argsort(probabilities, kind="stable")
    ranked, positive, people = probabilities[order], labels[order] == 1, patients[order]
    last_of_ties = np.append(ranked[1:] > ranked[:-1], True)

    def below(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weight of the images under each threshold, from the lowest one to the highest."""
        return np.concatenate([[0.0], np.cumsum(weights)[last_of_ties]])

    every = patient_weights(people)
    of_positives, of_negatives = every * positive, every * ~positive
    caught = 1 - below(of_positives) / of_positives.sum()
    spared = below(of_negatives) / of_negatives.sum()
    edges = np.concatenate([[0.0], ranked[last_of_ties], [1.0]])
    sensitive = cut_off(ranked[positive], people[positive], WISHED_SENSITIVITY)
    best = {
        "balanced": int(np.argmax(caught + spared)),
        "sensitive": max(0, int(np.searchsorted(edges, sensitive)) - 1),
        "equal cost": int(np.argmax(below(of_negatives) - below(of_positives))),
    }
    chosen = (best[rule.kind] for rule in RULES)
    return tuple(float((edges[place] + edges[place + 1]) / 2) for place in chosen)
