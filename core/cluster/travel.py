"""Files that travel to another machine, once, and are found there again by their hash."""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.atomic import hidden_folder, put_in_place
from core.errors import ClusterError
from core.settings import get_settings

_PIECE = 64_000_000  # bytes that are in memory at once
_KEPT = 30 * 24 * 3600  # seconds
Sent = Mapping[str, tuple[str, list[Any]]]
"""Of each file, by its name: its sha256, and something to get each piece of it by."""


def read_pieces(path: Path) -> Iterator[bytes]:
    """A file's content, some of it at a time; none of an empty file."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def arrive(files: Sent, fetch: Callable[[Any], bytes]) -> Path:
    """The folder on this machine that holds these files; fetches them where they are not there.

    It lies in the cache under `LOBULE_HOME` and is named by what it holds. Of several processes
    that want it one fetches, and the others wait. What nobody has asked for in a month is deleted.

    Raises
    ------
    ClusterError
        If a file did not arrive as it was sent, or cannot be written.
    """
    names = "\n".join(f"{name} {sha256}" for name, (sha256, _) in sorted(files.items()))
    folder = get_settings().cache / "arrived" / hashlib.sha256(names.encode()).hexdigest()[:32]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):
            if not folder.is_dir():
                with hidden_folder(folder, "arriving") as temporary:
                    for name, (sha256, pieces) in files.items():
                        _write(temporary / name, sha256, pieces, fetch)
                    put_in_place(temporary, folder)
                _tidy(folder.parent)
            os.utime(folder)
    except OSError as error:
        raise ClusterError(
            f"The data cannot be written to {folder.parent} ({error.strerror}). Free some space on "
            "that machine, or set LOBULE_HOME there to another disk."
        ) from error
    return folder


def _tidy(arrived: Path) -> None:
    """Delete what was asked for last a month ago."""
    for folder in arrived.glob("*/"):
        # Nobody finds it there while it is being deleted; what is in use was asked for lately.
        with suppress(OSError, Timeout), FileLock(folder.with_suffix(".lock"), timeout=0):
            if time.time() - folder.stat().st_mtime > _KEPT:
                shutil.rmtree(folder)


def _write(path: Path, sha256: str, pieces: list[Any], fetch: Callable[[Any], bytes]) -> None:
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for reference in pieces:
            piece = fetch(reference)
            digest.update(piece)
            file.write(piece)
    if digest.hexdigest() != sha256:
        raise ClusterError(
            f"{path.name} changed while it was sent. Leave the files unchanged, and start again."
        )
