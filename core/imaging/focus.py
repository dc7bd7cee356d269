"""How sharp an image is."""

import cv2
import numpy as np
from numpy.typing import NDArray


def sharpness(pixels: NDArray[np.uint8]) -> float:
    """Variance of the Laplacian of the grey image: fine detail has much, blur has little.

    Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy". It depends on the
    scale and on what is shown, so it is compared only with that of other images of the same kind
    and size.

    Parameters
    ----------
    pixels
        (H, W, 3) uint8 RGB.

    Returns
    -------
    float
        0 for an image without detail; in squared grey levels.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())
