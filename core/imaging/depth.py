"""Values of more than 8 bits brought to 8, by the bits that the camera used."""

import numpy as np
from numpy.typing import NDArray

_FULL, _BITS = 16, 8
# Cameras of 10 to 14 bits are usually stored in 16; of 15 there are none.
_MOST_NARROWED = 14
_SHARE_BELOW = 0.995
"""Brighter values than this share of all are hot pixels, not the picture."""
_MOST_SATURATED = 0.2
_SATURATED = (1 << _FULL) - 1
_ENOUGH = 1 << 20


def some_of(values: NDArray) -> NDArray:
    """Return about a million of the values of an (H, W, S) array, which tell as much as all."""
    step = max(1, int(np.sqrt(values.size / _ENOUGH)))
    return values[::step, ::step].reshape(-1)


def bits_used(values: NDArray[np.uint16], declared: int) -> int:
    """Bits that the values use: as declared, unless they are larger; else as most of them need.

    Values at the very end of 16 bits are saturated or hot pixels, however many the camera's bits;
    where no bits are declared, only if they are few.

    Parameters
    ----------
    values
        (H, W, S), not turned round where 0 is white.
    declared
        Bits by the file's word; 16 says nothing, since it is written of all cameras alike.

    Returns
    -------
    int
        8 to 14, or `declared` if that is more or the values need more.
    """
    sample = some_of(values)
    below = sample[sample < _SATURATED]
    if declared < _FULL or below.size >= (1 - _MOST_SATURATED) * sample.size:
        sample = below
    rank = max(0, int(np.ceil(_SHARE_BELOW * sample.size)) - 1)
    needed = int(np.partition(sample, rank)[rank]).bit_length() if sample.size else 0
    if declared < _FULL and needed <= declared:
        return declared
    needed = max(needed, _BITS)
    return needed if needed <= _MOST_NARROWED else _FULL


def to_eight_bits(
    values: NDArray[np.uint16], bits: int, *, negative: bool = False
) -> NDArray[np.uint8]:
    """Keep the upper 8 of so many bits, the inverse of usual widening; what is above is white.

    In a `negative` 0 is white, and what is above is black.
    """
    shallow = np.minimum(values >> (bits - _BITS), 255).astype(np.uint8)
    return np.invert(shallow) if negative else shallow
