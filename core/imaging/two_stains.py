"""Whether an image's colours vary as two stains let them: what is drawn or noise often does not.

Light that goes through a section is weakened by each stain in a direction of its own, so optical
densities lie in a plane (Ruifrok and Johnston 2001; Macenko et al. 2009). How far they leave it is
the share of their variance in the third direction.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.imaging.stain import optical_density

MOST = 0.10
"""Of 7,500 patches and fields of breast in H&E none has more than 0.083; noise has 0.12 to 0.31."""
_BLOCKS = 4  # a side
_FEWEST, _MOST_PIXELS = 50, 2500  # of a block
_SMOOTH = 5  # px
_LEAST_DENSITY = 0.15  # the mean of three channels; glass has less


def third_direction(pixels: NDArray[np.uint8]) -> float | None:
    """Return the share of the variance of optical densities that no plane holds, in [0, 1/3].

    The median over a grid of blocks, so that ink on a slide does not matter.

    Parameters
    ----------
    pixels
        (H, W, 3) RGB.

    Returns
    -------
    float or None
        None where nothing is stained.
    """
    shares = []
    smooth = cv2.blur(pixels, (_SMOOTH, _SMOOTH))  # a camera's noise has no plane
    for rows in np.array_split(smooth, min(_BLOCKS, len(pixels))):
        for block in np.array_split(rows, min(_BLOCKS, rows.shape[1]), axis=1):
            step = max(1, round((block.shape[0] * block.shape[1] / _MOST_PIXELS) ** 0.5))
            density = optical_density(block[::step, ::step].reshape(-1, 3))
            density = density[density.mean(axis=1) > _LEAST_DENSITY]
            if len(density) < _FEWEST:
                continue
            spread = np.linalg.eigvalsh(np.cov(density.T))  # in ascending order
            if spread.sum() > 0:
                shares.append(max(0.0, spread[0] / spread.sum()))
    return float(np.median(shares)) if shares else None


def not_two_stains(share: float) -> str:
    """Say that colours vary as no two stains let them, where `share` is above `MOST`."""
    return (
        f"Its colours are not those of two stains: {100 * share:.0f} % of their variation "
        f"lies in a third direction, at most {100 * MOST:.0f} % in H&E."
    )
