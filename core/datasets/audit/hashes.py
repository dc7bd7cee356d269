"""The perceptual hash of the library imagehash (`phash`), for many images of one size at once.

Grey, resized to 32×32 by Lanczos' filter, cosine transform, its 8×8 lowest frequencies, each above
the median or not: 64 bits. All of it but the last step is linear, so that it comes down to one
matrix on each side of the image. A test holds it against imagehash itself.
"""

from functools import lru_cache
from itertools import combinations

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray
from PIL import Image as PillowImage

SAME = 6
"""Pairs of hashes that differ in at most so many bits are candidates for near duplicates. JPEG of
quality 50, half the size, or noise of three grey levels change 6 bits of a 50×50 patch or fewer, in
98 of 100; those of two unrelated patches of IDC hardly ever differ in fewer than 10."""

_SIDE, _LOW = 32, 8
_LARGEST = 512  # the matrices stay small; a reduction by area before changes no low frequency


def perceptual_hashes(grey: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Hash images.

    Parameters
    ----------
    grey : uint8 array, shape (N, H, W)

    Returns
    -------
    uint64 array, shape (N,)
    """
    height, width = (min(side, _LARGEST) for side in grey.shape[1:])
    if grey.shape[1:] != (height, width):
        size = (width, height)
        grey = np.stack([cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in grey])
    frequencies = _transform(height) @ grey.astype(np.float32) @ _transform(width).T
    median = np.median(frequencies, axis=(1, 2), keepdims=True)
    bits = (frequencies > median).reshape(len(grey), _LOW * _LOW)
    return np.packbits(bits, axis=1).view(np.uint64).ravel()


@lru_cache(maxsize=256)
def _transform(side: int) -> NDArray[np.float32]:
    """Matrix (8, side): resize to 32, then the eight lowest frequencies."""
    identity = PillowImage.fromarray(np.eye(side, dtype=np.float32))
    lanczos = np.asarray(identity.resize((side, _SIDE), PillowImage.Resampling.LANCZOS))
    cosine = scipy.fft.dct(np.eye(_SIDE), axis=0)[:_LOW]
    return (cosine @ lanczos).astype(np.float32)


def close_pairs(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Pairs of hashes that differ in at most `SAME` bits, without comparing all with all.

    Where at most six bits differ, at least two of the eight bytes are equal: only images that share
    a pair of bytes are compared, for each of the 28 pairs of bytes.

    Parameters
    ----------
    hashes : uint64 array, shape (N,)

    Returns
    -------
    int64 array, shape (pairs, 2)
        Positions, the smaller first, in order, each pair once.
    """
    parts = hashes.view(np.uint8).reshape(len(hashes), 8).astype(np.uint16)
    pairs_found = [np.empty(0, dtype=np.int64)]
    for first, second in combinations(range(8), 2):
        keys = parts[:, first] << 8 | parts[:, second]
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        apart, at = 1, np.flatnonzero(keys[1:] == keys[:-1])
        while len(at):
            one, other = order[at], order[at + apart]
            close = np.bitwise_count(hashes[one] ^ hashes[other]) <= SAME
            pairs_found.append(one[close] * len(hashes) + other[close])
            apart += 1
            at = at[at + apart < len(keys)]
            at = at[keys[at + apart] == keys[at]]
    pairs = np.unique(np.concatenate(pairs_found))
    return np.stack(np.divmod(pairs, max(len(hashes), 1)), axis=1)
