"""One answer for the images of a case, which follows from the images' own by a stated rule."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.inference.outcome import OUT_OF_SCOPE, UNDECIDED
from core.registry.card import Card

RULE = (
    "A case is called a class if more than half of its images are, of those in scope or without "
    "an answer, and none is called another. Otherwise it is undecided: read its images one by "
    "one. Each different "
    "image counts once. The 95 % interval (bootstrap over images) says how alike the images "
    "are, not how sure the model is of the patient."
)
FEWEST_IMAGES = 5
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What a model says of a case."""

    name: str
    """The class, or `UNDECIDED`."""
    because: str
    """What its images were called, as in "7 undecided, 2 benign"."""
    about: str
    """The class that `probability` is of: the positive one, or the most probable."""
    probability: float
    """The mean over the images."""
    interval: tuple[float, float] | None
    """95 %, None below `FEWEST_IMAGES`."""
    images: int
    """That count."""


def answer_case(
    card: Card,
    outcomes: Sequence[str],
    probabilities: NDArray[np.floating],
    *,
    unanswered: int = 0,
    seed: int = 0,
) -> CaseOutcome:
    """Answer a case by `RULE`.

    Parameters
    ----------
    card
        Of the model.
    outcomes
        What each different image in scope was called, N at least 1.
    probabilities
        (N, K) calibrated, of the same images.
    unanswered
        Images that could not be answered, or have not been yet.
    seed
        Of the draws.
    """
    counts = Counter(outcomes)
    chances = np.asarray(probabilities, dtype=np.float64)
    mean = chances.mean(axis=0)
    shown = int(mean.argmax()) if card.positive_index is None else card.positive_index
    interval = None
    if len(chances) >= FEWEST_IMAGES:
        rows = np.random.default_rng(seed).integers(0, len(chances), (DRAWS, len(chances)))
        low, high = np.quantile(chances[rows, shown].mean(axis=1), [0.025, 0.975])
        interval = (float(low), float(high))
    return CaseOutcome(
        word_of_case(outcomes, unanswered),
        ", ".join(f"{number:,} {name}" for name, number in counts.most_common()),
        card.classes[shown],
        float(mean[shown]),
        interval,
        len(chances),
    )


def word_of_case(outcomes: Sequence[str], unanswered: int = 0) -> str:
    """Return the class of a case or `UNDECIDED` by `RULE`; `OUT_OF_SCOPE` where no image counts.

    Parameters
    ----------
    outcomes
        What each different image was called.
    unanswered
        Images that were not called anything.
    """
    counts = Counter(outcome for outcome in outcomes if outcome != OUT_OF_SCOPE)
    if not counts:
        return OUT_OF_SCOPE
    name, number = counts.most_common(1)[0]
    alone = set(counts) <= {name, UNDECIDED}
    return name if alone and 2 * number > counts.total() + unanswered else UNDECIDED
