"""Where on a slide there is tissue, before any tile is answered."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from core.imaging.tissue import tissue_mask
from core.imaging.two_stains import third_direction
from core.slides.piecewise import read_pieces
from core.slides.slide import Slide

READERS = 2
_PIECE = 512  # px of the result that are read at once

Progress = Callable[[str, float], None]
"""Told what is being done, and the share of it that is done, in [0, 1]; may raise to stop."""


@dataclass(frozen=True)
class FoundTissue:
    """Where there is tissue."""

    mask: NDArray[np.bool_]
    """(h, w); true also where the slide cannot be read, so that it is tried, and counted."""
    third_direction: float | None
    """Of `core.imaging.two_stains`."""


def find_tissue(slide: Slide, size: tuple[int, int], progress: Progress) -> FoundTissue:
    """Tell tissue from glass on a picture of the whole slide.

    Parameters
    ----------
    slide
        Open.
    size
        Width and height of the picture, px.
    progress
        Told how far it is.
    """
    width, height = size
    pixels = np.full((height, width, 3), 255, np.uint8)
    unread = np.zeros((height, width), np.bool_)

    def read(place: tuple[int, int]) -> None:
        top, left = place
        down, right = min(top + _PIECE, height), min(left + _PIECE, width)
        across, up = slide.info.width / width, slide.info.height / height
        pieces = read_pieces(
            slide,
            left * across,
            top * up,
            (right - left) * across,
            (down - top) * up,
            (right - left, down - top),
        )
        unread[top:down, left:right] = pieces.unread
        pixels[top:down, left:right] = np.where(pieces.unread[..., np.newaxis], 255, pieces.pixels)

    places = list(product(range(0, height, _PIECE), range(0, width, _PIECE)))
    with ThreadPoolExecutor(READERS) as pool:
        waiting = [pool.submit(read, place) for place in places]
        try:
            for number, reading in enumerate(waiting):
                progress("Looking for tissue", number / len(places))
                reading.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return FoundTissue(tissue_mask(pixels) | unread, third_direction(pixels))
