"""Which library opens a slide."""

from pathlib import Path

from core.errors import SlideError
from core.imaging.formats import format_of
from core.slides.by_openslide import OpenSlideSource
from core.slides.by_tifffile import TiffSource
from core.slides.source import SlideSource

_START = 1 << 12


def open_source(path: Path) -> SlideSource:
    """Open a slide by the library that reads it best.

    Raises
    ------
    SlideError
        If none can.
    """
    from openslide import OpenSlideError  # noqa: PLC0415 - loads its library

    if path.is_dir():
        path = min(file for file in path.iterdir() if file.is_file())
    try:
        with path.open("rb") as file:
            start = file.read(_START)
    except OSError as error:
        raise SlideError(f"{path.name} cannot be opened ({error.strerror}).") from error
    is_tiff = format_of(start) == "TIFF"
    if is_tiff and _is_ome(path):
        return _by_tifffile(path)
    try:
        return OpenSlideSource(path)
    except OpenSlideError as error:
        if is_tiff:
            return _by_tifffile(path)
        raise SlideError(
            f"{path.name} is no slide that Lobule can open ({error}). It may be damaged or "
            "incomplete: copy it again from the scanner."
        ) from error


def _is_ome(path: Path) -> bool:
    from tifffile import TiffFile  # noqa: PLC0415 - takes a while

    try:
        with TiffFile(path) as file:
            return bool(file.is_ome)
    except Exception:  # noqa: BLE001 - damaged files raise anything
        return False


def _by_tifffile(path: Path) -> SlideSource:
    try:
        return TiffSource(path)
    except SlideError:
        raise
    except Exception as error:
        raise SlideError(
            f"{path.name} is a TIFF file that is damaged or incomplete ({error}), so it cannot be "
            "opened as a slide. Copy it again from the scanner."
        ) from error
