"""What an image's colours alone say: 21 numbers, no texture, no network (DESIGN decision 15)."""

import cv2
import numpy as np
from numpy.typing import NDArray

PERCENTILES = (5, 25, 50, 75, 95)


def colour_statistics(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean, standard deviation and five percentiles of each CIELAB channel.

    Parameters
    ----------
    pixels : uint8 array, shape (H, W, 3), RGB

    Returns
    -------
    float32 array, shape (21,)
        Three means, three standard deviations, then the 5th, 25th, 50th, 75th and 95th percentiles
        of L, a and b, in OpenCV's 8-bit units (L scaled to 255, a and b offset by 128).
    """
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float32)
    percentiles = np.percentile(lab, PERCENTILES, axis=0).ravel()
    return np.concatenate([lab.mean(axis=0), lab.std(axis=0), percentiles]).astype(np.float32)
