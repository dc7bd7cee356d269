"""Pyramids in TIFF files that tifffile reads: OME-TIFF, and what OpenSlide does not take."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.errors import SlideError
from core.slides.source import Level, levels_of
from core.slides.tiff_scale import scale_of_tiff

if TYPE_CHECKING:
    from tifffile import TiffPage

_MOST_PIECE = 1 << 26
_YCBCR, _RGB = 6, 2


class TiffSource:
    """A pyramid, the pieces of which are decoded one by one.

    Raises
    ------
    SlideError
        If it holds no colour picture in pieces.
    Exception
        Of any kind if the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        from tifffile import TiffFile  # noqa: PLC0415 - takes a while

        self._file = TiffFile(path)
        try:
            self._pages = _levels(self._file.series[0], path.name)
            self._file.filehandle.set_lock(True)
            self.scale = scale_of_tiff(self._file, self._pages[0])
            self.format = "OME-TIFF" if self._file.is_ome else "tiled TIFF"
        except BaseException:
            self._file.close()
            raise
        self.levels: tuple[Level, ...] = levels_of(
            [(page.imagewidth, page.imagelength) for page in self._pages]
        )
        self.magnification: float | None = None
        self.profile = b""
        self._lock = threading.Lock()

    def read(self, level: int, x: int, y: int, width: int, height: int) -> NDArray[np.uint8]:
        """See `SlideSource`."""
        page = self._pages[level]
        high, wide = page.chunks[0], page.chunks[1]
        result = np.full((height, width, 3), 255, np.uint8)
        for row in range(y // high, -(-(y + height) // high)):
            for column in range(x // wide, -(-(x + width) // wide)):
                piece = self._piece(page, row, column)
                if piece is None:
                    continue
                top, left = row * high, column * wide
                inner = np.s_[
                    max(y - top, 0) : min(y + height - top, len(piece)),
                    max(x - left, 0) : min(x + width - left, piece.shape[1]),
                ]
                part = piece[inner]
                down, across = max(top - y, 0), max(left - x, 0)
                result[down : down + part.shape[0], across : across + part.shape[1]] = part
        return result

    def _piece(self, page: "TiffPage", row: int, column: int) -> NDArray[np.uint8] | None:
        """(h, w, 3) of one tile or strip; None where it is left out."""
        index = row * page.chunked[1] + column
        offset, count = page.dataoffsets[index], page.databytecounts[index]
        if count == 0:
            return None
        handle = self._file.filehandle
        with self._lock:
            handle.seek(offset)
            coded = handle.read(count)
        if len(coded) < count:
            raise OSError("the file ends before this part")
        decoded = page.decode(coded, index, jpegtables=page.jpegtables)[0]
        return None if decoded is None else decoded[0, ..., :3]

    def close(self) -> None:
        """See `SlideSource`."""
        self._file.close()


def _levels(series: object, name: str) -> list["TiffPage"]:
    """The page of each level of the first picture, the finest first."""
    pages = [level.pages[0] for level in series.levels]  # type: ignore[attr-defined]
    first = pages[0]
    if first.dtype != np.uint8 or first.samplesperpixel not in {3, 4} or first.planarconfig != 1:
        raise SlideError(
            f"{name} holds {first.samplesperpixel} channels of {first.bitspersample} bits, not "
            "the 8-bit red, green and blue of a stained section. Fluorescence is not read."
        )
    if first.photometric not in {_RGB, _YCBCR}:
        raise SlideError(
            f"{name} holds colours of a kind that Lobule does not read in slides "
            f"({first.photometric.name}). Export it as RGB."
        )
    if first.chunks[0] * first.chunks[1] > _MOST_PIECE:
        raise SlideError(
            f"{name} is stored in pieces of {first.chunks[1]}×{first.chunks[0]} px, too large to "
            "be read region by region. Export it as a tiled, pyramidal TIFF."
        )
    return pages
