"""The DICOM files that make one slide: those of a series that hold the scan itself.

A series holds a file or several for each level, and may hold pictures of the label and of the whole
glass. Those carry names: they are never opened.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import SlideError
from core.slides.source import MOST_PIECE

if TYPE_CHECKING:
    from pydicom import Dataset

_MAGIC, _MAGIC_AT = b"DICM", 128
_WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
_VOLUME = "VOLUME"
_SLIDE_MODALITY = "SM"
_COLOURS, _BITS = 3, 8
_TAGS = [
    *("SOPClassUID", "SeriesInstanceUID", "ImageType", "SamplesPerPixel", "BitsAllocated"),
    *("NumberOfOpticalPaths", "Modality", "Rows", "Columns", "TotalPixelMatrixColumns"),
    *("TotalPixelMatrixRows", "NumberOfFrames", "DimensionOrganizationType", "ConcatenationUID"),
]


@dataclass(frozen=True, slots=True)
class DicomHeader:
    """What a file says of itself, as far as it must be known to find the files of a slide."""

    series: str
    kind: str
    """UID of the storage class."""
    flavour: str
    """ "VOLUME" of the scan itself, "THUMBNAIL", "LABEL" or "OVERVIEW"."""
    channels: int
    bits: int
    paths: int
    modality: str
    size: tuple[int, int]
    """Width and height of its level, px."""
    tile: tuple[int, int]
    frames: int | None
    """Tiles that it holds; None where they need not cover the level."""
    resampled: bool
    """Whether it is a smaller copy of another level."""

    @property
    def is_scan(self) -> bool:
        """Whether it holds a level of a whole slide."""
        return self.kind == _WHOLE_SLIDE and self.flavour == _VOLUME


def is_dicom(path: Path) -> bool:
    """Whether a file is DICOM by its content."""
    try:
        if not path.is_file():  # a pipe would be waited for
            return False
        with path.open("rb") as file:
            return is_dicom_start(file.read(_MAGIC_AT + len(_MAGIC)))
    except OSError:
        return False


def is_dicom_start(data: bytes | memoryview) -> bool:
    """Whether this is how DICOM files begin."""
    return bytes(data[_MAGIC_AT : _MAGIC_AT + len(_MAGIC)]) == _MAGIC


def header_of(path: Path) -> DicomHeader | None:
    """Read the header of a file; None if it is no DICOM file or is damaged."""
    try:
        state = path.stat()
    except OSError:
        return None
    return _header(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=10_000)
def _header(path: Path, _size: int, _changed: int) -> DicomHeader | None:
    if not is_dicom(path):
        return None
    from pydicom import dcmread  # noqa: PLC0415 - takes a while

    try:
        tags = dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS))
        flavours = list(tags.get("ImageType") or [])
        return DicomHeader(
            series=str(tags.get("SeriesInstanceUID", "")),
            kind=str(tags.get("SOPClassUID", "")),
            flavour=str(flavours[2]) if len(flavours) > 2 else "",  # noqa: PLR2004
            channels=_number(tags, "SamplesPerPixel"),
            bits=_number(tags, "BitsAllocated"),
            paths=_number(tags, "NumberOfOpticalPaths"),
            modality=str(tags.get("Modality", "")),
            size=_two(tags, "TotalPixelMatrixColumns", "TotalPixelMatrixRows"),
            tile=_two(tags, "Columns", "Rows"),
            frames=_frames(tags),
            resampled=len(flavours) > 3 and flavours[3] == "RESAMPLED",  # noqa: PLR2004
        )
    except Exception:  # noqa: BLE001 - damaged files raise anything
        return None


def _number(tags: "Dataset", name: str) -> int:
    return int(tags.get(name) or 0)


def _two(tags: "Dataset", across: str, down: str) -> tuple[int, int]:
    return _number(tags, across), _number(tags, down)


def _frames(tags: "Dataset") -> int | None:
    """Number of tiles where they must cover a level, as its one file has all of them in order."""
    whole = tags.get("DimensionOrganizationType") == "TILED_FULL" and not tags.get(
        "ConcatenationUID"
    )
    return _number(tags, "NumberOfFrames") if whole else None


def files_of_series(path: Path) -> list[Path]:
    """Return the files of a slide's scan, in the order of their names.

    Parameters
    ----------
    path
        Of a DICOM file, whose series is looked for in its folder, or of a folder.

    Raises
    ------
    SlideError
        If there is no slide, or several, or one that is no colour picture.
    """
    folder = path if path.is_dir() else path.parent
    headers = headers_in(folder)
    header_asked = None if path.is_dir() else header_of(path)
    if not path.is_dir() and header_asked is None:
        raise SlideError(
            f"{path.name} is a DICOM file that is damaged or incomplete, so it cannot be opened. "
            "Fetch it again from the archive."
        )
    scans = {file: header for file, header in headers.items() if header.is_scan}
    if header_asked is not None:
        scans = {
            file: header for file, header in scans.items() if header.series == header_asked.series
        }
    if not scans:
        raise SlideError(_no_scan(path, header_asked, headers.values()))
    _check_tiles(scans)
    series = {header.series for header in scans.values()}
    if len(series) > 1:
        raise SlideError(
            f"The folder {path.name} holds {len(series)} DICOM slides. Give the path of a file of "
            "the one that is meant."
        )
    _check_colours(path.name, scans.values())
    return list(scans)


def headers_in(folder: Path) -> dict[Path, DicomHeader]:
    """Return the headers of a folder's DICOM files, by path, in the order of their names.

    Hidden files and links to somewhere outside the folder are left out.
    """
    resolved = folder.resolve()
    shown = (file for file in folder.iterdir() if not file.name.startswith("."))
    files = sorted(file for file in shown if file.is_file())
    inside = [
        file for file in files if not file.is_symlink() or file.resolve().is_relative_to(resolved)
    ]
    read = {file: header_of(file) for file in inside}
    return {file: header for file, header in read.items() if header is not None}


def _no_scan(path: Path, header_asked: DicomHeader | None, others: Iterable[DicomHeader]) -> str:
    name, meant = path.name, "Give a DICOM whole slide (VL Whole Slide Microscopy Image)."
    if header_asked is None:
        if any(header.kind == _WHOLE_SLIDE and header.flavour for header in others):
            return (
                f"The folder {name} holds small pictures of a DICOM slide only, such as of its "
                "label, and not the scan. Put the scan's files there, or fetch the whole series."
            )
        if any(header.modality == _SLIDE_MODALITY for header in others):
            return (
                f"The folder {name} holds files of a DICOM slide that do not say which picture "
                "they are: they are damaged or incomplete. Fetch the whole series again."
            )
        kinds = {header.modality for header in others if header.modality}
        known = f", only DICOM files of modality {', '.join(sorted(kinds)[:5])}" if kinds else ""
        return f"The folder {name} holds no DICOM whole slide{known}. {meant}"
    if header_asked.kind != _WHOLE_SLIDE:
        modality = f" of modality {header_asked.modality}" if header_asked.modality else ""
        return f"{name} is a DICOM file{modality}, but no whole slide. {meant}"
    return (
        f"{name} is the {header_asked.flavour.lower() or 'small'} picture of a DICOM slide, "
        "and the files of the scan are not in its folder. Put them there, or fetch the whole "
        "series."
    )


def _check_colours(name: str, scans: Iterable[DicomHeader]) -> None:
    for header in scans:
        if not header.channels or not header.bits:
            raise SlideError(
                f"{name} does not say how its pixels are stored: it is damaged or incomplete. "
                "Fetch it again from the archive."
            )
        if header.channels == _COLOURS and header.paths <= 1 and header.bits > _BITS:
            raise SlideError(deep_words(name, header.bits))
        if header.channels != _COLOURS or header.bits != _BITS or header.paths > 1:
            channels = max(header.paths, header.channels)
            many = "a single channel" if channels == 1 else f"{channels} channels"
            raise SlideError(
                f"{name} holds {many}, not the red, green and blue of a stained section. Pictures "
                "in fluorescence or grey are not read: choose a slide in H&E."
            )


def deep_words(name: str, bits: int) -> str:
    """Say that a coloured slide has more brightness levels than are read."""
    return (
        f"{name} holds red, green and blue in {bits} bits each; 8 bits are read. Export the slide "
        "as 8-bit RGB."
    )


def missing_words(files: Iterable[Path], size: tuple[int, int]) -> str:
    """Say what is lost where the finest level is not among a slide's files, or not in use.

    Parameters
    ----------
    files
        Of its scan.
    size
        Of the finest level that is read, px.
    """
    headers = [header for header in map(header_of, files) if header is not None]
    largest = max((header.size for header in headers), default=size)
    if largest > size:
        return (
            f"The file of its finest level, {largest[0]:,}×{largest[1]:,} px, does not fit the "
            "others, so it is not used. Fetch the series again."
        )
    if headers and all(header.resampled for header in headers):
        return (
            "The finest level is not among its files, only smaller copies of it. Fetch the whole "
            "series."
        )
    return ""


def _check_tiles(scans: Mapping[Path, DicomHeader]) -> None:
    """Refuse sizes that no scanner writes, before a library believes them."""
    for file, header in scans.items():
        (width, height), (across, down) = header.size, header.tile
        problem = f"{file.name} is damaged: it declares {width:,}×{height:,} px in tiles of "
        problem += f"{across:,}×{down:,} px"
        again = "Fetch it again from the archive."
        if min(width, height, across, down) < 1 or across * down > MOST_PIECE:
            raise SlideError(f"{problem}. {again}")
        needed = -(-width // across) * -(-height // down)
        if header.frames is not None and header.frames < needed:
            raise SlideError(f"{problem}, {needed:,} of them, and holds {header.frames:,}. {again}")
