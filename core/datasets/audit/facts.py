"""What the audit keeps of an image: about 180 bytes, whatever the image's size.

============  ==============  ====================================================================
field         dtype           meaning
============  ==============  ====================================================================
size          int64           bytes of the file; -1 where it is missing
modified      int64           nanoseconds since 1970, of the file
readable      bool            whether it could be decoded; the fields below are 0 where not
height,       int32           pixels
width
digest        uint64 (2,)     of size and pixels: equal for the same picture, whatever the file
hash          uint64          perceptual hash, `core.datasets.audit.hashes`
focus         float32         variance of the Laplacian of the grey image, without its border
density       float32 (3,)    mean optical density in red, green and blue, natural logarithm
colour        float32 (21,)   `core.imaging.colour.colour_statistics`
============  ==============  ====================================================================
"""

import hashlib

import cv2
import numpy as np
from numpy.typing import NDArray

from core.datasets.audit.hashes import perceptual_hashes
from core.imaging.colour import PERCENTILES
from core.imaging.stain import optical_density

FACTS = np.dtype(
    [
        ("size", "<i8"),
        ("modified", "<i8"),
        ("readable", "?"),
        ("height", "<i4"),
        ("width", "<i4"),
        ("digest", "<u8", (2,)),
        ("hash", "<u8"),
        ("focus", "<f4"),
        ("density", "<f4", (3,)),
        ("colour", "<f4", (21,)),
    ]
)
LIGHTNESS_DEVIATION = 3
"""Where the standard deviation of lightness is among the colour statistics."""

_LEVELS = np.arange(256, dtype=np.float64)
_DENSITIES = optical_density(np.arange(256, dtype=np.uint8))
_SHARES = np.array(PERCENTILES) / 100


def measure(pixels: NDArray[np.uint8]) -> NDArray[np.void]:
    """Measure images of one size; file size and time are left 0.

    Parameters
    ----------
    pixels : uint8 array, shape (N, H, W, 3), RGB

    Returns
    -------
    array of dtype FACTS, shape (N,)
    """
    count, height, width, _ = pixels.shape
    # One call for all images one above the other costs less than a call for each.
    column = pixels.reshape(count * height, width, 3)
    grey = cv2.cvtColor(column, cv2.COLOR_RGB2GRAY)
    facts = np.zeros(count, FACTS)
    facts["readable"] = True
    facts["height"], facts["width"] = height, width
    facts["digest"] = _digests(pixels)
    facts["hash"] = perceptual_hashes(grey.reshape(count, height, width))
    facts["focus"] = _focus(grey, count)
    densities = cv2.LUT(column, _DENSITIES).reshape(count, height * width, 3)
    facts["density"] = np.ones(height * width, np.float32) @ densities / (height * width)
    lab = cv2.cvtColor(column, cv2.COLOR_RGB2LAB).reshape(pixels.shape)
    facts["colour"] = _colours(lab)
    return facts


def _digests(pixels: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """First half of SHA-256 of each image's size and pixels, (N, 2)."""
    start = hashlib.sha256(repr(pixels.shape[1:]).encode())
    digests = []
    for image in pixels:
        digest = start.copy()
        digest.update(image.data)
        digests.append(digest.digest())
    return np.frombuffer(b"".join(digests), np.uint64).reshape(-1, 4)[:, :2]


def _focus(grey: NDArray[np.uint8], count: int) -> NDArray[np.float32]:
    """Variance of the Laplacian inside each of the images that lie one above the other."""
    laplacian = cv2.Laplacian(grey, cv2.CV_32F).reshape(count, -1, grey.shape[1])
    inside = laplacian[:, 1:-1, 1:-1].reshape(count, -1)
    if not inside.size:
        return np.zeros(count, np.float32)
    squares = np.einsum("ij,ij->i", inside, inside) / inside.shape[1]
    return np.maximum(squares - inside.mean(axis=1) ** 2, 0)


def _colours(lab: NDArray[np.uint8]) -> NDArray[np.float32]:
    """`colour_statistics` of each image, (N, H, W, 3) in OpenCV's LAB to (N, 21)."""
    pixels = lab.shape[1] * lab.shape[2]
    histograms = np.empty((len(lab), 3, 256), np.float64)
    for image, own in zip(lab, histograms, strict=True):
        for channel in range(3):
            own[channel] = cv2.calcHist([image], [channel], None, [256], [0, 256]).ravel()
    mean = histograms @ _LEVELS / pixels
    variance = np.maximum(histograms @ _LEVELS**2 / pixels - mean**2, 0)
    # The percentiles as NumPy has them: between the pixels of rank ⌊p⌋ and ⌊p⌋ + 1.
    position = _SHARES * (pixels - 1)
    low = np.floor(position)
    ranks = np.concatenate([low, np.minimum(low + 1, pixels - 1)])
    # All cumulative histograms in one rising row, so that one search finds every rank.
    start = np.arange(len(lab) * 3).reshape(-1, 1)
    rising = histograms.reshape(-1, 256).cumsum(axis=1) + start * pixels
    found = np.searchsorted(rising.ravel(), (start * pixels + ranks).ravel(), side="right")
    below, above = np.split((found.reshape(len(lab), 3, -1) % 256), 2, axis=2)
    percentiles = below + (above - below) * (position - low)
    percentiles = percentiles.transpose(0, 2, 1).reshape(len(lab), -1)
    return np.concatenate([mean, np.sqrt(variance), percentiles], axis=1).astype(np.float32)
