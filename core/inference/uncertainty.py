"""How far a model disagrees with itself: over flips and turns, and over an ensemble's members.

Tissue has no up or down and no left or right, so a model should say the same of an image however
it is turned; where it does not, its answer hangs on something that is not in the tissue.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.inference.classifier import Classifier

# Of a larger image so many tiles are turned as hold this many input pixels together: seven of 96 px
# or one of 224 px, whose eight views take eight forward passes. `benchmarks/trust.py` prints what
# that costs beside the answer itself.
MOST_PIXELS = 2**16


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Disagreement about the probability of one class."""

    about: str
    """The class."""
    views: float
    """Standard deviation over the eight flips and turns, in [0, 0.5], the mean over the tiles."""
    tiles: int
    """Tiles that were turned."""
    members: tuple[float, ...] | None
    """Each member's probability of the class for the whole image; None of a single model."""


def eight_views(inputs: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Flip and turn every input: (N, h, w, 3) to (8, N, h, w, 3), the first as they are.

    Inputs that are not square are flipped only: (4, N, h, w, 3).
    """
    turns = range(4) if inputs.shape[1] == inputs.shape[2] else (0, 2)
    turned = [np.rot90(inputs, turn, axes=(1, 2)) for turn in turns]
    return np.stack([view for one in turned for view in (one, one[:, :, ::-1])])


def spread_over_views(classifier: Classifier, inputs: NDArray[np.uint8], index: int) -> float:
    """Standard deviation of a class's probability over the views of an input, mean over inputs.

    Parameters
    ----------
    classifier
        It answers the views in bulk, without heatmaps.
    inputs
        (N, h, w, 3), not yet normalised.
    index
        Of the class.
    """
    views = eight_views(inputs)
    chances = classifier.probabilities(views.reshape(-1, *inputs.shape[1:]))[:, index]
    return float(chances.reshape(len(views), -1).astype(np.float64).std(axis=0).mean())


def spaced(number: int, pixels: int) -> NDArray[np.int64]:
    """Which of so many tiles, of so many pixels each as inputs, are turned: evenly spaced."""
    turned = min(number, max(1, MOST_PIXELS // pixels))
    return ((np.arange(turned) + 0.5) * number / turned).astype(np.int64)
