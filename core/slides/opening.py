"""Which library opens a slide."""

import logging
from collections.abc import Sequence
from pathlib import Path

from core.errors import ImageError, LobuleError, SlideError
from core.imaging.formats import format_of, likeness
from core.slides.by_openslide import OpenSlideSource
from core.slides.by_tifffile import TiffSource
from core.slides.by_wsidicom import DicomSource
from core.slides.dicom import is_dicom
from core.slides.source import SlideSource
from core.slides.tiff_tables import check_pages

log = logging.getLogger(__name__)

_START = 1 << 10
_LONGEST = 200


def open_source(path: Path, files: Sequence[Path]) -> SlideSource:
    """Open a slide by the library that reads its format.

    Parameters
    ----------
    path
        Of its file or folder.
    files
        All that it consists of.

    Raises
    ------
    SlideError
        If it is no slide, damaged, or no colour picture of a section.
    """
    try:
        with files[0].open("rb") as file:
            start = file.read(_START)
        if is_dicom(files[0]):
            return _dicom(files)
        if format_of(start) == "TIFF":
            return _tiff(path)
        return _other(path, start)
    except SlideError:
        raise
    except ImageError as error:
        raise SlideError(f"{path.name}: {error}") from error
    except Exception as error:  # damaged files raise anything
        raise SlideError(
            f"{path.name} is damaged or incomplete{in_short(error)}, so it cannot be opened. "
            "Copy it again from the scanner, or wait until the copy is done."
        ) from error


def in_short(error: BaseException) -> str:
    """What a library says, in brackets and without the folders of the file.

    Empty where it speaks of a program, not of a file; the log has it.
    """
    from openslide import OpenSlideError  # noqa: PLC0415 - loads its library

    log.info("A slide is damaged: %r", error)
    if not isinstance(error, LobuleError | OpenSlideError | OSError) or not str(error):
        return ""
    words = " ".join(str(error).split())
    words = " ".join(Path(word).name if "/" in word.strip(":,") else word for word in words.split())
    return f" ({words[:_LONGEST]})"


def _dicom(files: Sequence[Path]) -> SlideSource:
    """By wsidicom; slides that it refuses, such as those without a size of pixels, by OpenSlide."""
    from openslide import OpenSlideError  # noqa: PLC0415 - loads its library

    try:
        return DicomSource(files)
    except Exception:
        # OpenSlide looks for the files of a series by itself, and follows links.
        if any(file.is_symlink() for file in files[0].parent.iterdir()):
            raise
        try:
            return OpenSlideSource(files[0])
        except OpenSlideError:
            pass
        raise


def _tiff(path: Path) -> SlideSource:
    """OME-TIFF keeps its levels where only tifffile looks for them."""
    from openslide import OpenSlide, OpenSlideError  # noqa: PLC0415 - loads its library

    vendor = OpenSlide.detect_format(path)
    if vendor is None or (vendor == "generic-tiff" and TiffSource.is_ome(path)):
        return TiffSource(path)
    check_pages(path)
    try:
        return OpenSlideSource(path)
    except OpenSlideError:
        if vendor != "generic-tiff":
            raise
        return TiffSource(path)


def _other(path: Path, start: bytes) -> SlideSource:
    from openslide import OpenSlide  # noqa: PLC0415 - loads its library

    if not start:
        raise SlideError(f"{path.name} is empty (0 bytes). Copy the slide again.")
    if OpenSlide.detect_format(path) is None:
        if kind := format_of(start):
            raise SlideError(
                f"{path.name} is a {kind} picture, not a slide that Lobule opens. Answer it on "
                "Diagnose as an image, or give the file that the scanner wrote."
            )
        raise SlideError(
            f"{path.name} is {likeness(start)}, not a slide that Lobule opens. Give a slide of "
            "OpenSlide's formats, an OME-TIFF, a tiled TIFF or a DICOM whole slide."
        )
    return OpenSlideSource(path)
