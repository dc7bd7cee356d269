"""One answer for the images of a case, by a stated rule, with how far it hangs on which images."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.inference.outcome import UNDECIDED
from core.registry.card import Card

RULE = (
    "The case's probability is the mean over its images in scope, each different image once. The "
    "class follows the model's decision threshold, which was chosen for images, or is the most "
    "probable one. The 95 % interval (bootstrap over images) tells how far the mean hangs on "
    "which images were taken, not how sure the model may be of such a patient. If it reaches "
    "across the threshold, or another class leads in more than 5 of 100 draws, the case is "
    "undecided. A mean suits images of one lesion: where a single image shows it, read the "
    "images."
)
FEWEST_IMAGES = 5
DRAWS = 2000
_SURE = 0.95


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What a model says of a case."""

    name: str
    """The class, or `UNDECIDED`."""
    about: str
    """The class that `probability` is of: the positive one, or the most probable."""
    probability: float
    interval: tuple[float, float] | None
    """95 %, None below `FEWEST_IMAGES`."""
    images: int
    """That count."""


def answer_case(card: Card, probabilities: NDArray[np.floating], *, seed: int = 0) -> CaseOutcome:
    """Answer a case by `RULE`.

    Parameters
    ----------
    card
        Of the model.
    probabilities
        (N, K) calibrated, a row for each different image in scope, N at least 1.
    seed
        Of the draws.
    """
    images = len(probabilities)
    chances = np.asarray(probabilities, dtype=np.float64)
    mean = chances.mean(axis=0)
    point, positive = card.operating_point, card.positive_index
    if point is not None and positive is not None:
        shown, chosen = positive, _by_point(mean[None], positive, point.threshold)[0]
    else:
        shown = chosen = int(mean.argmax())
    if images < FEWEST_IMAGES:
        return CaseOutcome(
            card.classes[chosen], card.classes[shown], float(mean[shown]), None, images
        )
    drawn = np.random.default_rng(seed).integers(0, images, (DRAWS, images))
    means = chances[drawn].mean(axis=1)
    low, high = np.quantile(means[:, shown], [0.025, 0.975])
    if point is not None and positive is not None:
        sure = bool(low >= point.threshold or high < point.threshold)
    else:
        sure = bool((means.argmax(axis=1) == chosen).mean() >= _SURE)
    return CaseOutcome(
        card.classes[chosen] if sure else UNDECIDED,
        card.classes[shown],
        float(mean[shown]),
        (float(low), float(high)),
        images,
    )


def _by_point(means: NDArray[np.float64], positive: int, threshold: float) -> NDArray[np.int64]:
    return np.where(means[:, positive] >= threshold, positive, 1 - positive)
