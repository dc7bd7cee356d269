"""Which files a slide consists of; none of them may lie outside the slide's own folder."""

import os
import re
from pathlib import Path

from core.errors import SlideError
from core.slides.dicom import files_of_series, is_dicom

_MIRAX, _HAMAMATSU = ".mrxs", {".vms", ".vmu"}
_INDEX = "Slidedat.ini"
_LONGEST_INDEX = 1 << 22
_VALUE = re.compile(r"^[^=\r\n\[]{1,200}=[ \t]*([^\r\n]{1,1000})", re.MULTILINE)
_NAMED = re.compile(r"\.\w{1,5}$")


def files_of(path: Path) -> list[Path]:
    """Return all files of a slide.

    Raises
    ------
    SlideError
        If there is none, its path is no text, or if the slide names files outside its folder.
    """
    if legible(str(path)) != str(path):
        raise SlideError(
            f"{legible(path.name)} cannot be opened: the name of the file, or of a folder that it "
            f"lies in, is not in UTF-8. Rename it."
        )
    try:
        if path.is_dir() or is_dicom(path):
            return files_of_series(path)
        if not path.is_file():
            raise SlideError(f"{path.name} does not exist or is no file. Give the path of a slide.")
        suffix = path.suffix.lower()
        if suffix == _MIRAX:
            return [path, *_mirax(path)]
        if suffix in _HAMAMATSU:
            return [path, *_named_in(path, path.parent)]
    except (OSError, RuntimeError) as error:
        raise SlideError(
            f"{path.name} cannot be opened ({error}). Check that it is whole and may be read."
        ) from error
    return [path]


def legible(name: str) -> str:
    """Return a file's name as text that can be shown and kept, whatever its bytes are."""
    return os.fsencode(name).decode("utf-8", "replace")


def _mirax(path: Path) -> list[Path]:
    """Files of the folder that stands beside an .mrxs file."""
    folder = path.with_suffix("")
    if not (folder / _INDEX).is_file():
        raise SlideError(
            f"{path.name} needs the folder {folder.name} beside it, with {_INDEX} in it. Copy the "
            "folder, too."
        )
    if folder.resolve().parent != path.parent.resolve():
        raise _outside(path)
    _named_in(folder / _INDEX, folder)
    files = sorted(file for file in folder.iterdir() if file.is_file())
    for file in files:
        _check_inside(path, file, folder)
    return files


def _named_in(index: Path, folder: Path) -> list[Path]:
    """Files that a text names, each in its folder."""
    with index.open("rb") as file:
        text = file.read(_LONGEST_INDEX).decode("utf-8", "replace")
    files = []
    for value in _VALUE.findall(text):
        name = value.strip()
        if not _NAMED.search(name):
            continue
        if ("/" in name or "\\" in name) and (folder / name.replace("\\", "/")).exists():
            raise _outside(index)
        if (folder / name).is_file():
            _check_inside(index, folder / name, folder)
            files.append(folder / name)
    return sorted(set(files))


def _check_inside(slide: Path, file: Path, folder: Path) -> None:
    if not file.resolve().is_relative_to(folder.resolve()):
        raise _outside(slide)


def _outside(path: Path) -> SlideError:
    return SlideError(
        f"{path.name} refers to files outside its own folder, which are not read. Copy the whole "
        "slide into one folder, without links."
    )
