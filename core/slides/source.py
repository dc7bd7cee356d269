"""What a slide's file gives, whichever library reads it: levels, and pixels of each."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.imaging.scale import StatedScale

DICOM = "DICOM"
"""What the format of DICOM slides is called, whoever reads it."""
MOST_PIECE = 1 << 26
"""Pixels of a tile or strip, which is held as a whole."""


@dataclass(frozen=True, slots=True)
class Level:
    """One size in which a slide is stored."""

    width: int
    height: int
    across: float
    """Pixels of the finest level that one pixel covers, across."""
    down: float
    """The same, down."""


class SlideSource(Protocol):
    """An open file. Safe from several threads."""

    format: str
    """In words for people, "Aperio SVS"."""
    levels: tuple[Level, ...]
    """The finest first."""
    scale: StatedScale
    magnification: float | None
    """Of the objective, as far as the file says."""
    profile: bytes
    """ICC colour profile; empty if there is none."""
    planes: str
    """Which of several focal planes is read, in a sentence; empty where there is one."""

    def read(self, level: int, x: int, y: int, width: int, height: int) -> NDArray[np.uint8]:
        """Return (height, width, 3) RGB of a region that lies within the level, in its pixels.

        Where nothing was scanned it is white.

        Raises
        ------
        Exception
            Of whatever kind the library has, if the region is damaged.
        """
        ...

    def close(self) -> None:
        """Let the file go."""
        ...


def levels_of(sizes: list[tuple[int, int]]) -> tuple[Level, ...]:
    """Return the levels of these widths and heights, the finest first.

    Sides are rounded to whole pixels, most often down, so their ratio is not what one pixel covers:
    where one whole number explains both sides within a pixel, it is that number, a power of two
    before others.
    """
    width, height = sizes[0]
    return tuple(Level(wide, high, *_step(width, height, wide, high)) for wide, high in sizes)


def _step(width: int, height: int, wide: int, high: int) -> tuple[float, float]:
    across, down = width / wide, height / high
    power = 2 ** round(np.log2((across * down) ** 0.5))
    for step in (power, round(across), round(down)):
        if step >= 1 and abs(width / step - wide) <= 1 and abs(height / step - high) <= 1:
            return float(step), float(step)
    return across, down
