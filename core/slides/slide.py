"""One whole slide: what is known of it, and any region of it in any size."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.errors import SlideError
from core.imaging.profile import srgb_of
from core.slides.agreement import agreeing_levels
from core.slides.averaging import read_region
from core.slides.dicom import is_dicom, missing_words
from core.slides.files import files_of
from core.slides.fingerprint import fingerprint
from core.slides.opening import in_short, open_source
from core.slides.source import SlideSource

MOST_SIDE = 1 << 20
"""Pixels: 26 cm at 0.25 µm/px."""
_NEARLY = 1.001


@dataclass(frozen=True, slots=True)
class SlideInfo:
    """What is known of a slide besides its pixels."""

    name: str
    """As its file or folder is called."""
    path: Path
    format: str
    """In words for people, "Aperio SVS"."""
    width: int
    """Pixels of the finest level."""
    height: int
    um_per_px: float | None
    """Of the finest level; None if the slide states no scale that a microscope can have."""
    scale_words: str
    """Why what it says of its scale cannot be used, as a clause after "The file"; else empty."""
    magnification: float | None
    """Of the objective, if stated."""
    downsamples: tuple[float, ...]
    """Pixels of the finest level that one of each level covers, 1 first; of those that show it."""
    notes: tuple[str, ...]
    """What else to know of the file, in sentences."""
    fingerprint: str
    """64 hexadecimal digits that tell this slide from others, whatever its name."""


class Slide:
    """An open slide. Several threads may read at once.

    Label and macro pictures, which carry names, cannot be had from it.
    """

    def __init__(self, info: SlideInfo, source: SlideSource, indices: tuple[int, ...]) -> None:
        self.info = info
        self._source = source
        self._indices = indices
        self._state = _state(info.path)
        self._to_srgb = srgb_of(source.profile)

    def read(
        self, x: float, y: float, width: float, height: float, size: tuple[int, int]
    ) -> NDArray[np.uint8]:
        """Return a region in some size, averaged over areas from the best level.

        Parameters
        ----------
        x, y, width, height
            In pixels of the finest level; may be fractions. What reaches over the edge is white.
        size
            (w, h), pixels.

        Returns
        -------
        NDArray[np.uint8]
            (h, w, 3) RGB.

        Raises
        ------
        SlideError
            If the file has gone or changed, or is damaged there.
        """
        if min(width, height) <= 0 or min(size) < 1:
            raise SlideError(
                f"A region of {width:g}×{height:g} px in {size[0]}×{size[1]} px is none. "
                "Each side must be larger than 0."
            )
        if _state(self.info.path) != self._state:
            raise SlideError(
                f"{self.info.name} is not what it was when it was opened: it was moved, deleted or "
                "written to. Open it again once it is whole."
            )
        step = min(width / size[0], height / size[1]) * _NEARLY
        levels = [self._source.levels[index] for index in self._indices]
        best = sum(max(level.across, level.down) <= step for level in levels)
        pixels = self._from_best((x, y, width, height), size, max(best - 1, 0))
        return pixels if self._to_srgb is None else self._to_srgb(pixels)

    def _from_best(
        self, region: tuple[float, float, float, float], size: tuple[int, int], best: int
    ) -> NDArray[np.uint8]:
        """Read a region from a level; where that is damaged, from the next finer one."""
        finest = self._source.levels[0]
        for index in self._indices[best::-1]:
            try:
                return read_region(
                    partial(self._source.read, index),
                    self._source.levels[index],
                    (finest.width, finest.height),
                    region,
                    size,
                )
            except Exception as error:  # noqa: BLE001 - libraries raise of many kinds
                failure = error
        x, y = (max(start, 0) for start in region[:2])
        raise SlideError(
            f"{self.info.name} cannot be read around pixel {x:.0f}, {y:.0f}"
            f"{in_short(failure)}: that part of the file is damaged or missing. Copy the slide "
            "again from the scanner."
        ) from failure

    def thumbnail(self, longest: int) -> NDArray[np.uint8]:
        """Return the whole slide, its longer side `longest` px at most.

        Raises
        ------
        SlideError
            As `read`.
        """
        width, height = self.info.width, self.info.height
        factor = min(1, longest / max(width, height))
        size = max(1, round(width * factor)), max(1, round(height * factor))
        return self.read(0, 0, width, height, size)

    def close(self) -> None:
        """Let the file go."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_slide(path: Path) -> Slide:
    """Open a slide where it lies; only its table of contents and a few samples are read.

    Parameters
    ----------
    path
        A file of one of OpenSlide's formats, an OME-TIFF or tiled TIFF, a DICOM file or a folder
        of them.

    Raises
    ------
    SlideError
        If it is missing, damaged, no slide, or no colour picture of a section.
    """
    files = files_of(path)
    source = open_source(path, files)
    try:
        print_ = fingerprint(files)
    except OSError as error:
        source.close()
        raise SlideError(f"{path.name} cannot be read ({error}).") from error
    width, height = source.levels[0].width, source.levels[0].height
    if max(width, height) > MOST_SIDE:
        source.close()
        raise SlideError(
            f"{path.name} declares {width:,}×{height:,} px; no slide has sides of more than "
            f"{MOST_SIDE:,} px. It is damaged: copy it again from the scanner."
        )
    indices = agreeing_levels(source)
    levels = [source.levels[index] for index in indices]
    info = SlideInfo(
        name=path.name,
        path=path,
        format=source.format,
        width=width,
        height=height,
        um_per_px=source.scale.um_per_px,
        scale_words=source.scale.words,
        magnification=source.magnification,
        downsamples=tuple((level.across + level.down) / 2 for level in levels),
        notes=_notes(source, files, len(source.levels) - len(levels)),
        fingerprint=print_,
    )
    return Slide(info, source, indices)


def _notes(source: SlideSource, files: list[Path], left_out: int) -> tuple[str, ...]:
    finest = source.levels[0].width, source.levels[0].height
    notes = [missing_words(files, finest)] if is_dicom(files[0]) else []
    notes.append(source.planes)
    if left_out:
        notes.append(
            "Smaller copies in the file that do not show what its finest level does are not used: "
            f"{left_out} of {len(source.levels) - 1}. Copy it again from the scanner."
        )
    return tuple(filter(None, notes))


def _state(path: Path) -> tuple[int, int, int] | None:
    """What tells that a file is still the same; None if it has gone."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_size, state.st_mtime_ns
