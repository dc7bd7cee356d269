"""Values of more than 8 bits brought to 8, by the bits that the camera used."""

import numpy as np
from numpy.typing import NDArray

_FULL, _BITS = 16, 8
# Cameras of 10 to 14 bits are usually stored in 16; of 15 there are none.
_MOST_NARROWED = 14
_SHARE_BELOW = 0.995
"""Brighter values than this share of all are hot pixels, not the picture."""


def bits_used(values: NDArray[np.uint16], declared: int) -> int:
    """Bits that the values use: as declared, unless they are larger; else as most of them need.

    Parameters
    ----------
    values
        Of any shape, black being 0.
    declared
        Bits by the file's word; 16 says nothing, since it is written of all cameras alike.

    Returns
    -------
    int
        8 to 14, or `declared` if that is more or the values need more.
    """
    flat = values.reshape(-1)
    # A million values tell as much as all of them.
    sample = flat[:: max(1, flat.size >> 20)]
    rank = max(0, int(np.ceil(_SHARE_BELOW * sample.size)) - 1)
    needed = int(np.partition(sample, rank)[rank]).bit_length() if sample.size else 0
    if declared < _FULL and needed <= declared:
        return declared
    needed = max(needed, _BITS)
    return needed if needed <= _MOST_NARROWED else _FULL


def to_eight_bits(values: NDArray[np.uint16], bits: int) -> NDArray[np.uint8]:
    """Keep the upper 8 of so many bits, the inverse of usual widening; what is above is white."""
    return np.minimum(values >> (bits - _BITS), 255).astype(np.uint8)
