"""The slides that can be opened here: those in folders that were named, and those that came in."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import SlideError
from core.settings import get_settings

SUFFIXES = frozenset(
    {
        *(".svs", ".tif", ".tiff", ".ndpi", ".scn", ".mrxs", ".bif", ".svslide", ".czi", ".vms"),
        *(".vmu", ".btf", ".tf8", ".dcm"),
    }
)
"""What slides are called, in small letters."""
_ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class SlideFile:
    """A slide that can be opened."""

    id: str
    """By its place, so it stays while the slide stays there."""
    name: str
    """As its file or folder is called."""
    path: Path
    root: Path


def roots() -> tuple[Path, ...]:
    """Return the folders in which slides may lie, those that exist, links resolved."""
    settings = get_settings()
    folders = (*settings.slide_roots, settings.slide_uploads, settings.slide_downloads)
    return tuple(dict.fromkeys(folder.resolve() for folder in folders if folder.is_dir()))


def list_slides() -> list[SlideFile]:
    """Return all slides, root by root, in the order of their names.

    A folder whose files are DICOM files is one slide. Nothing that lies outside the roots is
    listed, also where a symbolic link inside leads there.
    """
    return [slide for root in roots() for slide in _slides(root)]


def slide_path(slide_id: str) -> Path:
    """Return where a slide lies.

    Raises
    ------
    SlideError
        If no slide has this id, or no longer.
    """
    for slide in list_slides():
        if slide.id == slide_id:
            return slide.path
    raise SlideError(
        f"There is no slide {slide_id[:40]!r} here. It may have been moved or deleted: choose one "
        "from the list."
    )


def _slides(root: Path) -> Iterator[SlideFile]:
    # Links to folders are not followed, so there are no circles either.
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(folder)
        slides = [name for name in names if Path(name).suffix.lower() in SUFFIXES]
        dicom = [name for name in slides if name.lower().endswith(".dcm")]
        if dicom and len(dicom) == len(slides) > 1 and here != root:
            yield _slide(here, root)
            continue
        for name in sorted(slides):
            if not name.startswith(".") and _is_inside(here / name, root):
                yield _slide(here / name, root)


def _slide(path: Path, root: Path) -> SlideFile:
    place = f"{root}\0{path.relative_to(root).as_posix()}"
    digest = hashlib.sha256(os.fsencode(place)).hexdigest()
    return SlideFile(digest[:_ID_LENGTH], path.name, path, root)


def _is_inside(path: Path, root: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(root) and path.is_file()
    except (OSError, RuntimeError):
        return False
