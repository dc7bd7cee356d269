"""Slides that come in through the browser: small ones, since larger are opened where they lie."""

import os
import tempfile
from pathlib import Path, PurePath

from core.atomic import free_name
from core.errors import SlideError
from core.settings import get_settings
from core.slides.roots import SUFFIXES
from core.slides.slide import open_slide

# Of these, the file with the name holds no pixels: those lie in a folder or in files beside it.
_NOT_ALONE = {".mrxs", ".vms", ".vmu"}
UPLOADED = tuple(sorted(suffix[1:] for suffix in SUFFIXES - _NOT_ALONE))
"""What may be uploaded, without the dot."""


def keep_upload(name: str, content: bytes | memoryview) -> Path:
    """Keep a slide among the others, if it can be opened.

    Parameters
    ----------
    name
        As the file was called where it came from.
    content
        All of it.

    Returns
    -------
    Path
        Where it lies; another name where this one was taken.

    Raises
    ------
    SlideError
        If it is no slide that can be opened, or cannot be written; nothing is kept then.
    """
    plain = PurePath(name.replace("\\", "/")).name.lstrip(".")
    stem, suffix = PurePath(plain).stem, PurePath(plain).suffix
    if suffix.lower().removeprefix(".") not in UPLOADED:
        raise SlideError(
            f"{plain!r} cannot be uploaded as a slide: expected {', '.join(UPLOADED)}. Slides of "
            "several files (MRXS, VMS) go into a folder that LOBULE_SLIDES names."
        )
    folder = get_settings().slide_uploads
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, aside = tempfile.mkstemp(prefix=".", suffix=suffix, dir=folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            open_slide(Path(aside)).close()
            free = free_name(stem, lambda taken: (folder / f"{taken}{suffix}").exists())
            return Path(aside).rename(folder / f"{free}{suffix}")
        except SlideError as error:
            raise SlideError(str(error).replace(Path(aside).name, plain)) from error
        finally:
            Path(aside).unlink(missing_ok=True)
    except OSError as error:
        raise SlideError(
            f"{plain!r} cannot be kept ({error.strerror}). Make room in {folder}, or have it made "
            "writable."
        ) from error
