"""A region of a slide, also where the file is damaged: what can be read, and where nothing can."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import SlideError
from core.slides.slide import Slide

GREY = 225
"""Of what cannot be read."""
_SMALLEST = 32
"""Pixels of the result: of what cannot be read, nothing smaller is tried."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """What could be read of a region."""

    pixels: NDArray[np.uint8]
    """(h, w, 3) RGB, `GREY` where nothing could be read."""
    unread: NDArray[np.bool_]
    """(h, w)."""

    @property
    def words(self) -> str:
        """What is to be said of a picture; empty where all of it could be read."""
        share = 100 * float(self.unread.mean())
        return f"grey: damaged, cannot be read ({share:.2g} %)" if share else ""


def read_pieces(
    slide: Slide, x: float, y: float, width: float, height: float, size: tuple[int, int]
) -> Pieces:
    """Read a region as `Slide.read`; of what cannot be read, smaller and smaller pieces."""
    pixels = np.full((size[1], size[0], 3), GREY, np.uint8)
    unread = np.zeros(pixels.shape[:2], np.bool_)
    waiting = [(0, 0, *size)]
    while waiting:
        left, top, wide, high = waiting.pop()
        place = np.s_[top : top + high, left : left + wide]
        across, down = width / size[0], height / size[1]
        region = (x + left * across, y + top * down, wide * across, high * down)
        try:
            pixels[place] = slide.read(*region, (wide, high))
        except SlideError:
            if max(wide, high) <= _SMALLEST:
                unread[place] = True
                continue
            middle, centre = (wide + 1) // 2, (high + 1) // 2
            waiting += [
                (left + right, top + below, part, length)
                for right, part in ((0, middle), (middle, wide - middle))
                for below, length in ((0, centre), (centre, high - centre))
                if part and length
            ]
    return Pieces(pixels, unread)


def whole_slide(slide: Slide, longest: int) -> Pieces:
    """Return a picture of a whole slide, its longer side `longest` px at most.

    Raises
    ------
    SlideError
        If nothing of it can be read.
    """
    info = slide.info
    try:
        pixels = slide.thumbnail(longest)
    except SlideError:
        factor = min(1, longest / max(info.width, info.height))
        size = max(1, round(info.width * factor)), max(1, round(info.height * factor))
        pieces = read_pieces(slide, 0, 0, info.width, info.height, size)
        if pieces.unread.all():
            raise
        return pieces
    return Pieces(pixels, np.zeros(pixels.shape[:2], np.bool_))
