"""For choosing a dataset: what lies in a folder, and what was opened lately."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.atomic import write_whole
from core.datasets.listing import MANIFEST_SUFFIXES, hidden, is_image
from core.errors import DatasetError
from core.rights import Deed, require
from core.roots import bounds, refuse_outside
from core.settings import get_settings

MOST = 20_000
"""Entries that are looked at: a folder may hold a million files, and somebody waits."""
MOST_RECENT = 8


@dataclass(frozen=True)
class Place:
    """A folder as it is shown for choosing.

    Attributes
    ----------
    folders, manifests : tuple of str
        Names in it, by alphabet; hidden ones left out.
    images : int
        Files in it, not in its subfolders, that are named like images.
    whole : bool
        False where there are more than `MOST` entries and the rest was not looked at.
    """

    folders: tuple[str, ...]
    manifests: tuple[str, ...]
    images: int
    whole: bool


def look_into(folder: Path) -> Place:
    """See what lies in a folder; links out of the roots (`core.roots`) are left out.

    Raises
    ------
    DatasetError
        If it is no folder, or may not be listed.
    """
    require(Deed.OPEN_DATA)
    refuse_outside(folder, listed=True)
    allowed = bounds(listed=True)
    folders: list[str] = []
    manifests: list[str] = []
    images, whole = 0, True
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number == MOST:
                    whole = False
                    break
                if hidden(entry.name) or (entry.is_symlink() and not allowed(entry.path)):
                    continue
                if is_image(entry.name):
                    images += 1
                elif entry.name.lower().endswith(MANIFEST_SUFFIXES):
                    manifests.append(entry.name)
                elif entry.is_dir():
                    folders.append(entry.name)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name cannot be used"
        raise DatasetError(
            f"The folder {folder} cannot be listed ({reason}). Choose another one."
        ) from error
    return Place(tuple(sorted(folders)), tuple(sorted(manifests)), images, whole)


def recent_datasets() -> list[str]:
    """Paths of the datasets opened last that may be looked through, the latest first."""
    allowed = bounds(listed=True)
    return [path for path in _remembered() if allowed(path)]


def _remembered() -> list[str]:
    """None if nothing can be read."""
    try:
        saved = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    if not isinstance(saved, list):
        return []
    return [path for path in saved if isinstance(path, str)][:MOST_RECENT]


def remember_dataset(path: Path) -> None:
    """Put a dataset first; what cannot be kept is forgotten, as nothing depends on it."""
    name = str(path)
    recent = [name, *(other for other in _remembered() if other != name)][:MOST_RECENT]
    with suppress(OSError, ValueError):
        write_whole(_file(), json.dumps(recent))


def _file() -> Path:
    return get_settings().home / "recent.json"
