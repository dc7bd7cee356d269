"""Deal single images out to parts, class by class: the leaky split of published figures."""

import numpy as np
from numpy.typing import NDArray


def deal_images(
    labels: NDArray[np.int64], shares: NDArray[np.float64], seed: int
) -> NDArray[np.int64]:
    """The part of every image, each class in the wished shares to within an image.

    Parameters
    ----------
    labels : int64 array (images,)
        Every class has at least as many images as there are parts.
    shares : float64 array (parts,)
        Wished share of every class in each part, adding up to 1.
    seed : int
        The same seed deals alike.
    """
    random = np.random.default_rng(seed)
    parts = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        rows = random.permutation(np.flatnonzero(labels == label))
        parts[rows] = np.repeat(np.arange(len(shares)), _sizes(len(rows), shares))
    return parts


def _sizes(images: int, shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole numbers near `shares * images`, at least 1 each, that add up to `images`."""
    wished = shares * images
    sizes = np.maximum(np.floor(wished + 1e-9).astype(np.int64), 1)
    while sizes.sum() != images:
        step = np.sign(images - sizes.sum())
        # Where a part has one image and may not lose it, another gives.
        lacking = np.where(sizes + step >= 1, step * (wished - sizes), -np.inf)
        sizes[np.argmax(lacking)] += step
    return sizes
