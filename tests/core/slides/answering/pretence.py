"""A network that needs no TensorFlow."""

import numpy as np
from numpy.typing import NDArray

from core.explain.passes import Explained


def by_red(inputs: NDArray[np.uint8]) -> Explained:
    """Answer by the mean of red, which a test can do by hand."""
    positive = 1 - inputs[..., 0].mean(axis=(1, 2)) / 255
    chances = np.stack([1 - positive, positive], axis=1).astype(np.float32)
    number = len(inputs)
    heatmaps = np.zeros((number, 1, 1), np.float32)
    return Explained(chances, heatmaps, np.full(number, 0.5), np.full(number, 2.0), None)
