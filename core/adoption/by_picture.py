"""What a network makes of one picture under each scaling, for somebody who knows its class."""

import numpy as np
from numpy.typing import NDArray

from core.adoption.foreign import Foreign
from core.adoption.network import DEFAULT_SIDE
from core.adoption.scaling import SCALINGS, Scaling
from core.imaging.resize import resize


def answers_by_scaling(
    foreign: Foreign, pixels: NDArray[np.uint8], side: int | None = None
) -> dict[Scaling, NDArray[np.float64]]:
    """Probabilities of the network's outputs (K,) for the middle square of a picture.

    Parameters
    ----------
    foreign : Foreign
    pixels : uint8 array, shape (H, W, 3)
    side : int, optional
        Of the input, px, of a network that takes any.
    """
    side = foreign.side or side or DEFAULT_SIDE
    square = middle(pixels)
    shown = resize(square, side, side)[np.newaxis]
    return {scaling: foreign.probabilities(shown, scaling)[0] for scaling in SCALINGS}


def middle(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle square of a picture (H, W, 3)."""
    height, width = pixels.shape[:2]
    size = min(height, width)
    top, left = (height - size) // 2, (width - size) // 2
    return pixels[top : top + size, left : left + size]
