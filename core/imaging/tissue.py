"""Where on an image there is tissue, and where only glass or the emptied cells of fat."""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.imaging.stain import optical_density

PALEST, DARKEST = 0.12, 0.30
"""Bounds of the threshold, optical density in green: levels 226 and 189 of 255."""

_STEPS_PER_DENSITY = 45.0  # ln 256 becomes 250, so that densities fit in 8 bits
_SPECK = 5
_BLACK = 16


def tissue_mask(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell tissue from background.

    Green light is absorbed by haematoxylin and by eosin, so tissue is where its optical density
    is above a threshold: Otsu's (IEEE Trans Syst Man Cybern 9:62–66, 1979), held between two fixed
    bounds. An image of nothing but glass, whose two halves Otsu would part at its noise, therefore
    has no tissue, and an image of nothing but tissue, which he would part into pale and dark, is
    all tissue. Specks of less than about 12 px are dropped; black, which no section is, is scanner
    border or ink.

    Parameters
    ----------
    pixels
        (H, W, 3) uint8 RGB.

    Returns
    -------
    NDArray[np.bool_]
        (H, W), true where there is tissue.
    """
    density = np.rint(optical_density(np.arange(256, dtype=np.uint8)) * _STEPS_PER_DENSITY)
    levels = cv2.LUT(np.ascontiguousarray(pixels[..., 1]), density.astype(np.uint8))
    levels = cv2.medianBlur(levels, _SPECK)
    otsu, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    threshold = np.clip(otsu, PALEST * _STEPS_PER_DENSITY, DARKEST * _STEPS_PER_DENSITY)
    black = (pixels < _BLACK).all(axis=-1)
    return (levels > threshold) & ~black
