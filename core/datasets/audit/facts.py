"""What the audit keeps of an image: about 180 bytes, whatever the image's size.

============  ==============  ====================================================================
field         dtype           meaning
============  ==============  ====================================================================
size          int64           bytes of the file; -1 where it is missing
modified      int64           nanoseconds since 1970, of the file
format        uint8           by the first bytes, an index into `KNOWN_FORMATS`
square        bool            whether pixels are as high as wide, as far as the file says
readable      bool            whether it could be decoded; the fields below are 0 where not
height,       int32           pixels
width
digest        uint64 (2,)     of size and pixels: equal for the same picture, whatever the file
hash          uint64          perceptual hash, `core.datasets.audit.hashes`
levels        uint8           levels of lightness that occur, of 255 at most; 2 where nearly all
                              pixels have one of two, as in a mask that was kept as JPEG
focus         float32         variance of the Laplacian of the grey image, without its border
density       float32 (3,)    mean optical density in red, green and blue, natural logarithm
colour        float32 (21,)   `core.imaging.colour.colour_statistics`
============  ==============  ====================================================================
"""

import hashlib
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from core.datasets.audit.hashes import perceptual_hashes
from core.imaging.colour import PERCENTILES
from core.imaging.formats import FORMATS
from core.imaging.stain import optical_density

KNOWN_FORMATS = ("", *FORMATS)
FACTS = np.dtype(
    [
        ("size", "<i8"),
        ("modified", "<i8"),
        ("format", "u1"),
        ("square", "?"),
        ("readable", "?"),
        ("height", "<i4"),
        ("width", "<i4"),
        ("digest", "<u8", (2,)),
        ("hash", "<u8"),
        ("levels", "u1"),
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
# OpenCV converts more pixels than this in threads of its own, which then wait in a loop for more:
# in the way of those that decode the next images.
_STRIP = 1 << 16
# Within how many levels a tone of a mask lies once it was a JPEG; how far apart its tones are.
_NEAR, _FAR = 4, 40
_LEAST_REST, _MOST_OF_REST = 0.02, 0.75
_MOST = 85  # images of a strip: three times as many numbers fit a byte


def measure(pixels: NDArray[np.uint8]) -> NDArray[np.void]:
    """Measure images of one size; what is known of the file and not the pixels is left 0.

    Parameters
    ----------
    pixels : uint8 array, shape (N, H, W, 3), RGB

    Returns
    -------
    array of dtype FACTS, shape (N,)
    """
    count, height, width, _ = pixels.shape
    step = min(max(1, _STRIP // (height * width)), _MOST)
    strips = [_convert(pixels[at : at + step]) for at in range(0, count, step)]
    grey, focus, density, histograms = map(np.concatenate, zip(*strips, strict=True))
    facts = np.zeros(count, FACTS)
    facts["readable"] = True
    facts["height"], facts["width"] = height, width
    facts["digest"] = _digests(pixels)
    facts["hash"] = perceptual_hashes(grey)
    facts["focus"], facts["density"] = focus, density
    levels = np.minimum(np.count_nonzero(histograms[:, 0], axis=1), 255)
    facts["levels"] = np.where(_two_toned(histograms[:, 0]), np.minimum(levels, 2), levels)
    facts["colour"] = _colours(histograms, height * width)
    return facts


def _convert(pixels: NDArray[np.uint8]) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Grey, focus, mean density and LAB histograms of a few images of one size."""
    count, height, width, _ = pixels.shape
    # One call for all images one above the other costs less than a call for each.
    column = pixels.reshape(count * height, width, 3)
    grey = cv2.cvtColor(column, cv2.COLOR_RGB2GRAY)
    densities = cv2.LUT(column, _DENSITIES).reshape(count, height * width, 3)
    density = np.ones(height * width, np.float32) @ densities / (height * width)
    lab = cv2.cvtColor(column, cv2.COLOR_RGB2LAB)
    return grey.reshape(pixels.shape[:3]), _focus(grey, count), density, _histograms(lab, count)


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


def _histograms(lab: NDArray[np.uint8], count: int) -> NDArray[np.int64]:
    """Histogram of each channel, (count, 3, 256), of images that lie one above the other."""
    if count == 1:
        channels = [cv2.calcHist([lab], [channel], None, [256], [0, 256]) for channel in range(3)]
        return np.array(channels, np.int64).reshape(1, 3, 256)
    # One histogram in two dimensions, image with channel and level, costs less than many in one.
    owners = _owners(count, lab.size // count)
    levels = lab.reshape(1, -1)
    histograms = cv2.calcHist(
        [owners, levels], [0, 1], None, [count * 3, 256], [0, count * 3, 0, 256]
    )
    return histograms.reshape(count, 3, 256).astype(np.int64)


def _two_toned(histograms: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether nearly all pixels are of one level or another far from it, (N, 256) to (N,).

    Tissue beside glass is not: its own levels are spread.
    """
    sums = np.cumsum(np.pad(histograms, ((0, 0), (_NEAR + 1, _NEAR))), axis=1)
    around = sums[:, 2 * _NEAR + 1 :] - sums[:, : -2 * _NEAR - 1]
    first = around.argmax(axis=1)
    elsewhere = histograms.sum(axis=1) - around.max(axis=1)
    far = np.abs(np.arange(256) - first[:, None]) > _FAR
    second = np.where(far, around, 0).max(axis=1)
    return (elsewhere > _LEAST_REST * histograms.sum(axis=1)) & (
        second >= _MOST_OF_REST * elsewhere
    )


@lru_cache(maxsize=8)
def _owners(count: int, values: int) -> NDArray[np.uint8]:
    """Number of the image times three plus that of the channel, for each value of a strip."""
    channel = np.tile(np.arange(3, dtype=np.uint8), values // 3)
    return (np.arange(count, dtype=np.uint8)[:, None] * 3 + channel).reshape(1, -1)


def _colours(histograms: NDArray[np.int64], pixels: int) -> NDArray[np.float32]:
    """`colour_statistics` from the histograms of L, a and b, (N, 3, 256) to (N, 21)."""
    # `einsum` and not `@`: the threads of the linear algebra would get in the way of the scan's.
    mean = np.einsum("ncl,l->nc", histograms, _LEVELS) / pixels
    square = np.einsum("ncl,l->nc", histograms, _LEVELS**2) / pixels
    deviation = np.sqrt(np.maximum(square - mean**2, 0))
    # The percentiles as NumPy has them: between the pixels of rank ⌊p⌋ and ⌊p⌋ + 1.
    position = _SHARES * (pixels - 1)
    low = position.astype(np.int64)
    ranks = np.concatenate([low, np.minimum(low + 1, pixels - 1)])
    # All cumulative histograms in one rising row, so that one search finds every rank.
    start = np.arange(len(histograms) * 3).reshape(-1, 1) * pixels
    rising = histograms.reshape(-1, 256).cumsum(axis=1) + start
    levels = np.searchsorted(rising.ravel(), (start + ranks).ravel(), side="right")
    below, above = np.split((levels.reshape(len(histograms), 3, -1) % 256), 2, axis=2)
    percentiles = below + (above - below) * (position - low)
    percentiles = percentiles.transpose(0, 2, 1).reshape(len(histograms), -1)
    return np.concatenate([mean, deviation, percentiles], axis=1).astype(np.float32)
