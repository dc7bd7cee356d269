"""The slides that can be opened here: those in folders that were named, and those that came in.

Nothing outside these folders can be reached: a slide is asked for by an id that only the list gives
out, links to folders are not followed, and links to files are only where they stay inside.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import SlideError
from core.roots import existing, is_inside
from core.settings import get_settings
from core.slides.dicom import headers_in, is_dicom
from core.slides.files import legible

SUFFIXES = frozenset(
    {
        *(".svs", ".tif", ".tiff", ".btf", ".tf8", ".ndpi", ".scn", ".mrxs", ".bif", ".czi"),
        *(".svslide", ".vms", ".vmu"),
    }
)
"""What slides of one file are called, in small letters; DICOM files are told by their content."""
_DICOM_SUFFIXES = {"", ".dcm", ".dicom"}
_ID_LENGTH = 16
_seen: dict[str, "SlideFile"] = {}


@dataclass(frozen=True, slots=True)
class SlideFile:
    """A slide that can be opened."""

    id: str
    """16 hexadecimal digits by its place, so they stay while the slide stays there."""
    name: str
    """As its file or folder is called."""
    path: Path
    """Of a DICOM slide that has a folder for itself, the folder."""
    root: Path


def roots() -> tuple[Path, ...]:
    """Return the folders in which slides may lie, those that exist, links resolved."""
    settings = get_settings()
    folders = (*settings.slide_roots, settings.slide_uploads, settings.slide_downloads)
    return existing(folders)


def list_slides() -> list[SlideFile]:
    """Return all slides, root by root, in the order of their names.

    The files of a DICOM series are one slide.
    """
    listed = {slide.id: slide for root in roots() for slide in _slides(root)}
    _seen.clear()
    _seen.update(listed)
    return list(listed.values())


def slide_path(slide_id: str) -> Path:
    """Return where a slide lies.

    Raises
    ------
    SlideError
        If no slide has this id, or no longer.
    """
    slide = _seen.get(slide_id)
    if slide is None or slide.root not in roots() or not is_inside(slide.path, slide.root):
        slide = next((slide for slide in list_slides() if slide.id == slide_id), None)
    if slide is None:
        raise SlideError(
            f"There is no slide {slide_id[:40]!r} here. It may have been moved or deleted: choose "
            "one from the list."
        )
    return slide.path


def slides_in(folder: Path, root: Path | None = None) -> list[Path]:
    """Return the slides in a folder itself, in the order of their names.

    Links out of `root`, or of the folder where no root is given, are left out.
    """
    files = [file for file in sorted(folder.iterdir()) if not file.name.startswith(".")]
    slides = [file for file in files if file.suffix.lower() in SUFFIXES]
    slides = [file for file in slides if file.is_file() and is_inside(file, root or folder)]
    if any(_may_be_dicom(file) for file in files):
        slides += _series(folder)
    return sorted(slides)


def _slides(root: Path) -> Iterator[SlideFile]:
    for place, folders, _ in os.walk(root):  # follows no links, so there are no circles
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        slides = slides_in(Path(place), root)
        # A DICOM slide that has a folder for itself is called by it.
        if len(slides) == 1 and Path(place) != root and slides[0].suffix.lower() not in SUFFIXES:
            slides = [Path(place)]
        yield from (_slide(path, root) for path in slides)


def _may_be_dicom(file: Path) -> bool:
    """By its name, which often is its UID, such as 1.2.840.113619.2, and its content."""
    suffix = file.suffix.lower()
    return file.is_file() and (suffix in _DICOM_SUFFIXES or suffix[1:].isdigit()) and is_dicom(file)


def _series(folder: Path) -> list[Path]:
    """The first file of each DICOM slide."""
    firsts: dict[str, Path] = {}
    for file, header in headers_in(folder).items():
        if header.is_scan:
            firsts.setdefault(header.series, file)
    return list(firsts.values())


def _slide(path: Path, root: Path) -> SlideFile:
    place = f"{root}\0{path.relative_to(root).as_posix()}"
    digest = hashlib.sha256(os.fsencode(place)).hexdigest()
    return SlideFile(digest[:_ID_LENGTH], legible(path.name), path, root)
