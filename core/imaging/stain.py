"""Colour deconvolution: RGB to the optical densities of haematoxylin, eosin and DAB, and back.

Light through a stained section obeys Beer–Lambert: optical density is linear in the amount of
stain. The stain colours are those of Ruifrok & Johnston, Anal Quant Cytol Histol 23:291–299, 2001.
"""

import numpy as np
from numpy.typing import NDArray

RGB_FROM_HED: NDArray[np.float64] = np.array(
    [
        [0.65, 0.70, 0.29],  # haematoxylin
        [0.07, 0.99, 0.11],  # eosin
        [0.27, 0.57, 0.78],  # DAB
    ]
)
"""Optical density in red, green and blue (columns) of one unit of each stain (rows)."""

HED_FROM_RGB: NDArray[np.float64] = np.linalg.inv(RGB_FROM_HED).astype(np.float64)
"""Inverse of `RGB_FROM_HED`."""

# Levels 0..255 count as 1..256 of 256, so that black has a finite density and white has none.
_DENSITY_OF_LEVEL = -np.log((np.arange(256) + 1) / 256).astype(np.float32)


def optical_density(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Optical density of each channel, natural logarithm.

    Parameters
    ----------
    pixels
        uint8 of any shape, 255 is clear glass.

    Returns
    -------
    NDArray[np.float32]
        Same shape, from 0 (level 255) to ln 256 ≈ 5.55 (level 0).
    """
    return _DENSITY_OF_LEVEL[pixels]


def rgb_to_hed(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Separate RGB pixels into stains.

    Parameters
    ----------
    pixels
        (..., 3) uint8 RGB.

    Returns
    -------
    NDArray[np.float32]
        (..., 3) amounts of haematoxylin, eosin and DAB in units of optical density (natural
        logarithm). A colour that no mixture of the three can give has a negative amount.
    """
    return optical_density(pixels) @ HED_FROM_RGB.astype(np.float32)
