"""Slides that came through the browser: which files they are, and how they are kept."""

import hashlib
import re
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from core.atomic import free_name, hidden_folder, put_in_place, tidy
from core.errors import ImageError, SlideError
from core.imaging.formats import format_of, read_header
from core.rights import Deed, require
from core.settings import get_settings
from core.slides.dicom import is_dicom_start
from core.slides.roots import SUFFIXES, SlideFile, list_slides, slides_in
from core.slides.slide import open_slide

_SEVERAL_FILES = {".mrxs", ".vms", ".vmu"}
_PICTURES = {".tif", ".tiff", ".btf", ".tf8"}
_ID_LENGTH = 16
Content = bytes | memoryview
UPLOADED = tuple(sorted(suffix[1:] for suffix in {*SUFFIXES, ".dcm"} - _SEVERAL_FILES))
"""What slides are called that may be uploaded, without the dot."""
_LONGEST_NAME = 120
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_SPARE_BYTES = 500_000_000
"""Of the disk, which are left to others."""


def is_slide(name: str, data: bytes) -> bool:
    """Whether a file is for the reader of slides: DICOM, or a slide too large for a picture.

    Small ones are answered as pictures are.

    Parameters
    ----------
    name
        What it is called.
    data
        All of it.
    """
    if is_dicom_start(data):
        return True
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in SUFFIXES or (suffix in _PICTURES and format_of(data) != "TIFF"):
        return False
    try:
        header = read_header(data)
    except ImageError:
        return suffix not in _PICTURES
    return header.width * header.height > get_settings().max_image_pixels


def keep(files: Mapping[str, Content]) -> list[SlideFile]:
    """Keep what was uploaded at once; returns the slides that these files make, all of which open.

    DICOM files are kept together, as they may be those of one slide, others each by itself, the
    same ones once. What cannot be opened as a slide is not kept.

    Parameters
    ----------
    files
        All bytes by name.

    Raises
    ------
    SlideError
        If a file is over the limit, a slide does not open, or there is no room.
    """
    require(Deed.ANSWER_SLIDES)
    dicom = {name: data for name, data in files.items() if is_dicom_start(data)}
    alone = [{name: data} for name, data in files.items() if name not in dicom]
    groups = [*alone, *([dicom] if dicom else [])]
    return [slide for group in groups for slide in _keep(group)]


def _keep(files: Mapping[str, Content]) -> list[SlideFile]:
    for name, data in files.items():
        _check(name, len(data))
    root = get_settings().slide_uploads
    digests = sorted(hashlib.sha256(data).digest() for data in files.values())
    target = root / hashlib.sha256(b"".join(digests)).hexdigest()[:_ID_LENGTH]
    try:
        if not target.is_dir():
            root.mkdir(parents=True, exist_ok=True)
            tidy(root)
            _check_room(root, sum(map(len, files.values())))
            _write(target, files)
    except OSError as error:
        raise SlideError(
            f"The slide cannot be kept in {root} ({error.strerror}). Check that folder and its "
            "disk, or put the slide into a folder of LOBULE_SLIDES."
        ) from error
    inside = target.resolve()
    return [slide for slide in list_slides() if slide.path.is_relative_to(inside)]


def _check(name: str, size: int) -> None:
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in _SEVERAL_FILES:
        raise SlideError(
            f"{name} is one of several files of its slide (MRXS, VMS). Put all of them into a "
            "folder that LOBULE_SLIDES names."
        )
    limit = get_settings().max_image_bytes
    if size > limit:
        raise SlideError(
            f"{name} has {size / 1e6:.0f} MB; at most {limit / 1e6:.0f} MB are taken through the "
            "browser. Put it into a folder that is named in LOBULE_SLIDES."
        )


def _check_room(root: Path, size: int) -> None:
    free = shutil.disk_usage(root).free
    if free < size + _SPARE_BYTES:
        raise SlideError(
            f"The disk has {free / 1e9:.1f} GB left, too little to keep a slide of "
            f"{size / 1e9:.1f} GB. Make room, or delete slides that are no longer needed."
        )


def _write(target: Path, files: Mapping[str, Content]) -> None:
    """Write the files aside, see that the slides open, and put the folder in its place."""
    with hidden_folder(target, "saving") as aside:
        folder = aside / "slide"
        folder.mkdir()
        whole = folder
        if all(is_dicom_start(data) for data in files.values()):  # a folder is called by its name
            folder /= PurePosixPath(safe_name(next(iter(files)))).stem
            folder.mkdir()
        for name, data in files.items():
            _free(name, folder).write_bytes(data)
        for slide in slides_in(folder.resolve()) or sorted(folder.iterdir()):
            open_slide(slide).close()  # raises where it does not open
        put_in_place(whole, target)


def safe_name(name: str) -> str:
    """Return a name that every system can have, like that of a file; of folders nothing stays."""
    last = PurePosixPath(name.replace("\\", "/")).name
    path = PurePosixPath(_UNSAFE.sub("_", last).strip(". ") or "slide")
    suffix = path.suffix[:20]
    stem = path.name[: len(path.name) - len(path.suffix)][:_LONGEST_NAME] or "slide"
    return f"{stem}{suffix}"


def _free(name: str, folder: Path) -> Path:
    """Where a file may be written: several may be called the same."""
    path = folder / safe_name(name)
    stem = free_name(path.stem, lambda stem: path.with_name(f"{stem}{path.suffix}").exists())
    return path.with_name(f"{stem}{path.suffix}")
