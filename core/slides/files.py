"""Which files a slide consists of."""

from pathlib import Path

from core.errors import SlideError


def files_of(path: Path) -> list[Path]:
    """Return all files of a slide.

    Raises
    ------
    SlideError
        If there is none.
    """
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.is_file())
        if not files:
            raise SlideError(f"{path.name} is a folder without files. Give the path of a slide.")
        return files
    if not path.is_file():
        raise SlideError(f"{path.name} does not exist. Give the path of a slide.")
    beside = path.with_suffix("")
    if path.suffix.lower() == ".mrxs" and beside.is_dir():
        return [path, *sorted(file for file in beside.iterdir() if file.is_file())]
    return [path]
