"""One way of changing an image's size, shared by training and inference."""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import ImageError


def resize(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Resize an image, averaging over areas where it shrinks and by cubic splines where it grows.

    Parameters
    ----------
    pixels
        (H, W) or (H, W, C) uint8.
    height, width
        The new size in pixels; an axis that shrinks is shrunk before the other one grows.

    Returns
    -------
    NDArray[np.uint8]
        (height, width) or (height, width, C); values saturate at 0 and 255.

    Raises
    ------
    ImageError
        If either size has no pixels.
    """
    old_height, old_width = pixels.shape[:2]
    if min(height, width, old_height, old_width) < 1:
        raise ImageError(
            f"An image of {old_width}×{old_height} px cannot be resized to {width}×{height} px: "
            "each side needs at least 1 px. Check the size that was asked for."
        )
    resized = np.ascontiguousarray(pixels)
    smaller = (min(width, old_width), min(height, old_height))
    if smaller != (old_width, old_height):
        resized = cv2.resize(resized, smaller, interpolation=cv2.INTER_AREA)
    if smaller != (width, height):
        resized = cv2.resize(resized, (width, height), interpolation=cv2.INTER_CUBIC)
    # OpenCV drops a last axis of length one.
    return resized.reshape(height, width, *pixels.shape[2:])


def shrink(pixels: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Return an image (H, W, C) made smaller by area averaging; as it is for a factor of 1."""
    if factor >= 1:
        return pixels
    height, width = pixels.shape[:2]
    return resize(pixels, max(1, round(height * factor)), max(1, round(width * factor)))
