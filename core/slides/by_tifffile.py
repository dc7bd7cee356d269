"""Pyramids in TIFF files that tifffile reads: OME-TIFF, and what OpenSlide does not take."""

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from core.errors import SlideError
from core.imaging.tiff.aside import is_aside
from core.imaging.tiff.channels import red_green_blue
from core.imaging.tiff.ome import picture_of, read_ome
from core.imaging.tiff.pieces import BYTEWISE, READ, check_coded
from core.slides.dicom import deep_words
from core.slides.source import MOST_PIECE, Level, levels_of
from core.slides.tiff_scale import scale_of_tiff
from core.slides.tiff_tables import check_filled, check_page

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage, TiffPageSeries

    from core.imaging.scale import StatedScale

_CACHE_BYTES = 1 << 26
_YCBCR, _RGB, _BLACK_IS_ZERO = 6, 2, 1
_COLOURS, _BITS = 3, 8
_DESCRIPTION, _PROFILE = 270, 34675

# What is wrong with a file is told in our own words.
logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)


def _opened(path: Path) -> "TiffFile":
    from tifffile import TiffFile  # noqa: PLC0415 - takes a while

    # What an OME document says of other files is not followed.
    return TiffFile(path, _multifile=False)


class TiffSource:
    """A pyramid, the pieces of which are decoded one by one.

    Raises
    ------
    SlideError, ImageError
        If it holds no colour picture in pieces.
    Exception
        Of any kind if the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        from cachetools import LRUCache  # noqa: PLC0415 - seldom needed

        self._file = _opened(path)
        try:
            self._levels = _levels(self._file, path.name)
            self.planes = _planes(self._file)
            first = self._levels[0][0]
            self.scale: StatedScale = scale_of_tiff(self._file, first)
            self.format = "OME-TIFF" if self._file.is_ome else "tiled TIFF"
            self.profile = bytes(first.tags.valueof(_PROFILE, b""))
        except BaseException:
            self._file.close()
            raise
        self.levels: tuple[Level, ...] = levels_of(
            [(pages[0].imagewidth, pages[0].imagelength) for pages in self._levels]
        )
        self.magnification: float | None = None
        self._reading, self._keeping = threading.Lock(), threading.Lock()
        self._kept: Any = LRUCache(_CACHE_BYTES, getsizeof=lambda piece: piece.nbytes)

    @staticmethod
    def is_ome(path: Path) -> bool:
        """Whether a TIFF file has an OME document."""
        with _opened(path) as file:
            return bool(file.is_ome)

    def read(self, level: int, x: int, y: int, width: int, height: int) -> NDArray[np.uint8]:
        """See `SlideSource`."""
        page = self._levels[level][0]
        high, wide = page.chunks[0], page.chunks[1]
        result = np.full((height, width, _COLOURS), 255, np.uint8)
        for row in range(y // high, -(-(y + height) // high)):
            for column in range(x // wide, -(-(x + width) // wide)):
                piece = self._piece(level, row * page.chunked[1] + column)
                top, left = row * high - y, column * wide - x
                part = piece[max(-top, 0) : height - top, max(-left, 0) : width - left]
                down, across = max(top, 0), max(left, 0)
                result[down : down + part.shape[0], across : across + part.shape[1]] = part
        return result

    def _piece(self, level: int, index: int) -> NDArray[np.uint8]:
        """(h, w, 3) of one tile or strip."""
        key = (level, index)
        with self._keeping:
            cached = self._kept.get(key)
        if cached is not None:
            return cached
        pages = self._levels[level]
        if len(pages) == 1 and pages[0].planarconfig == 1:
            piece = self._decoded(pages[0], index)[..., :_COLOURS]
        else:
            number = pages[0].chunked[0] * pages[0].chunked[1]
            planes = [(page, index) for page in pages]
            if len(pages) == 1:  # red, green and blue one after the other
                number = len(pages[0].dataoffsets) // pages[0].samplesperpixel
                planes = [(pages[0], index + number * plane) for plane in range(_COLOURS)]
            piece = np.concatenate([self._decoded(*plane) for plane in planes], axis=-1)
        with self._keeping:
            self._kept[key] = piece
        return piece

    def _decoded(self, page: "TiffPage", index: int) -> NDArray[np.uint8]:
        """(h, w, samples) of one piece; white where it is left out."""
        offset, count = page.dataoffsets[index], page.databytecounts[index]
        if count == 0:
            return np.full((*page.chunks[:2], page.samplesperpixel), 255, np.uint8)
        handle = self._file.filehandle
        with self._reading:
            handle.seek(offset)
            coded = handle.read(count)
        if len(coded) < count:
            raise OSError("the file ends before this part")
        if int(page.compression) not in BYTEWISE:
            check_coded(coded, int(page.compression), page.chunks[1], page.chunks[0])
        decoded = page.decode(coded, index, jpegtables=page.jpegtables)[0]
        return np.asarray(decoded)[0]

    def close(self) -> None:
        """See `SlideSource`."""
        self._file.close()


def _levels(file: "TiffFile", name: str) -> list[list["TiffPage"]]:
    """Pages of each level, the finest first: one of all colours, or three."""
    if not file.series:
        raise SlideError(
            f"{name} is damaged or incomplete: it holds no picture. Copy it again from the scanner."
        )
    series = _main(file)
    levels = [
        [cast("TiffPage", page) for page in level.pages[: len(level.pages)]]
        for level in series.levels
    ]
    levels.sort(key=lambda pages: -pages[0].imagewidth)
    first = levels[0][0]
    _check(first, name)
    for page in (page for pages in levels for page in pages):
        check_page(page, name)
    check_filled(first, name)
    if first.samplesperpixel == 1:
        order = _order(file, first, len(levels[0]), name)
        return [[pages[index] for index in order] for pages in levels]
    if first.samplesperpixel not in {_COLOURS, _COLOURS + 1} or first.photometric not in {
        _RGB,
        _YCBCR,
    }:
        raise SlideError(
            f"{name} holds {first.samplesperpixel} channels of kind {int(first.photometric)}, "
            "not red, green and blue. Export the slide as RGB."
        )
    return [pages[:1] for pages in levels]


def _main(file: "TiffFile") -> "TiffPageSeries":
    """Return the picture of the slide: the largest that is not its label or overview."""
    shown = [series for series in file.series if not is_aside(str(series.name))]
    return max(shown or file.series, key=_area)


def _planes(file: "TiffFile") -> str:
    series = _main(file)
    number = series.sizes.get("depth", 1)
    return f"It holds {number} focal planes; the first one is shown and answered." * (number > 1)


def _area(series: "TiffPageSeries") -> int:
    page = cast("TiffPage | None", series.pages[0])
    return 0 if page is None else page.imagewidth * page.imagelength


def _check(page: "TiffPage", name: str) -> None:
    if page.dtype != np.uint8 or page.bitspersample != _BITS:
        if page.photometric in {_RGB, _YCBCR}:
            raise SlideError(deep_words(name, page.bitspersample))
        raise SlideError(
            f"{name} holds single channels in {page.bitspersample} bits, not the 8-bit red, green "
            "and blue of a stained section. Fluorescence is not read; choose a slide in H&E."
        )
    if int(page.compression) not in READ:
        raise SlideError(
            f"{name} is compressed in a way that is not known here ({int(page.compression)}). "
            "Export it with JPEG or JPEG 2000 compression."
        )
    if page.chunks[0] * page.chunks[1] > MOST_PIECE:
        raise SlideError(
            f"{name} is stored in pieces of {page.chunks[1]}×{page.chunks[0]} px, too large to be "
            "read region by region. Export it as a tiled, pyramidal TIFF."
        )


def _order(file: "TiffFile", page: "TiffPage", count: int, name: str) -> tuple[int, ...]:
    """Which of a level's pages are red, green and blue."""
    description = str(page.tags.valueof(_DESCRIPTION, "") or "")
    images = read_ome(str(file.pages[0].tags.valueof(_DESCRIPTION, "") or ""))  # type: ignore[union-attr]
    planes = red_green_blue(page, description, picture_of(images) if images else None, count)
    if len(planes.pages) != _COLOURS or page.photometric != _BLACK_IS_ZERO:
        raise SlideError(
            f"{name} is a picture of one channel, without colours. Fluorescence and grey pictures "
            "are not read; choose a slide in H&E."
        )
    return planes.pages
