"""Which levels of a pyramid show the slide: those of its shape, and of the same picture.

A copy that went wrong, or a file put together of two, may hold smaller pictures of something else:
one would see, and find tissue on, another slide than is answered.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.slides.source import Level, SlideSource

_STRETCH = 0.02
"""How much another ratio of its sides a level may have, beside rounding."""
_SIDE, _MOST_FINER = 32, 256  # px that are compared, of a level and of the next finer one
_BLOCK = 8  # px, of which the mean is compared: edges may lie a pixel apart
_ALIKE, _UNLIKE = 8, 24  # of 255, the mean difference of two pictures
_GLASS = 220
_ENOUGH = 2
_PLACES = ((0.5, 0.5), (0.3, 0.35), (0.7, 0.65), (0.35, 0.7), (0.65, 0.3), (0.5, 0.2), (0.5, 0.8))
"""Of the size of a level, across and down."""


def agreeing_levels(source: SlideSource) -> tuple[int, ...]:
    """Return which levels of an open file are to be read, the finest first; that is always one."""
    levels = source.levels
    agreeing = [0]
    for index in range(1, len(levels)):
        if _is_of_shape(levels[0], levels[index]) and _agree(source, agreeing[-1], index):
            agreeing.append(index)
    return tuple(agreeing)


def _is_of_shape(finest: Level, level: Level) -> bool:
    rounding = 1 / level.width + 1 / level.height
    stretch = (finest.width / level.width) / (finest.height / level.height)
    smaller = level.width <= finest.width and level.height <= finest.height
    return smaller and abs(stretch - 1) <= _STRETCH + rounding


def _agree(source: SlideSource, finer: int, coarser: int) -> bool:
    """Whether two levels show the same: which of both is seen first at two of a few places.

    Where there is nothing to be seen, as on glass, they agree.
    """
    fine, coarse = source.levels[finer], source.levels[coarser]
    step = coarse.across / fine.across
    side = min(_SIDE, int(_MOST_FINER / step), coarse.width, coarse.height) // _BLOCK * _BLOCK
    if side < _BLOCK:
        return True
    alike = unlike = 0
    for across, down in _PLACES:
        x, y = round(across * (coarse.width - side)), round(down * (coarse.height - side))
        wide = min(round(side * step), fine.width)
        left = min(round(x * step), fine.width - wide)
        high = min(round(side * step), fine.height)
        top = min(round(y * step), fine.height - high)
        try:
            coarse_means = _means(source.read(coarser, x, y, side, side), side)
            fine_means = _means(source.read(finer, left, top, wide, high), side)
        except Exception:  # noqa: BLE001, S112 - damaged there: what reads it says so
            continue
        difference = float(np.abs(coarse_means - fine_means).mean())
        unlike += difference > _UNLIKE
        alike += difference < _ALIKE and min(coarse_means.min(), fine_means.min()) < _GLASS
        if max(alike, unlike) == _ENOUGH:
            break
    return unlike <= alike


def _means(pixels: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    size = (side // _BLOCK, side // _BLOCK)
    return cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA).astype(
        np.float32
    )
