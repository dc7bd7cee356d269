"""Files and folders that appear whole or not at all."""

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

FULL = "the disk is full. Make room, then try again."
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# A save that is still running may be this old; anything older was left by a crash.
ABANDONED_SECONDS = 3600


def is_full(error: BaseException | None) -> bool:
    """Tell whether an error, or one that it arose from, is of a full disk; HDF5 gives only text."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return True
        if "No space left on device" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file to fill, which then takes its place; what is there stays until it does.

    Raises
    ------
    OSError
        If the disk is full or not to be written to; like any other error, it leaves `path` as it
        was.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    aside = Path(name)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.chmod(0o644)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    flush(path.parent)


def write_whole(path: Path, content: str | bytes | memoryview) -> None:
    """Write a file, text as UTF-8, as `whole_file` does; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def free_name(first: str, taken: Callable[[str], bool]) -> str:
    """The name, or where it is taken the first of `name-2`, `name-3`, … that is not."""
    number, name = 1, first
    while taken(name):
        number += 1
        name = f"{first}-{number}"
    return name


@contextmanager
def hidden_folder(folder: Path, purpose: str) -> Iterator[Path]:
    """Yield a new folder beside `folder` that no list shows; it is gone afterwards."""
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.{purpose}-", dir=folder.parent))
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def put_in_place(temporary: Path, folder: Path) -> None:
    """Rename a finished package to its place; one that was there is kept until it stands."""
    if folder.exists():
        with hidden_folder(folder, "replaced") as aside:
            old = aside / folder.name
            folder.rename(old)
            try:
                temporary.rename(folder)
            except BaseException:
                old.rename(folder)
                raise
    else:
        temporary.rename(folder)
    flush(folder.parent)


def tidy(parent: Path) -> None:
    """Clear away what crashed saves left; a package that was set aside is put back first."""
    for path in parent.glob(".*.replaced-*"):
        for old in path.iterdir():
            if not (parent / old.name).exists() and _abandoned(path):
                old.rename(parent / old.name)
    for pattern in (".*.replaced-*", ".*.saving-*", ".*.deleted-*"):
        for path in parent.glob(pattern):
            if _abandoned(path):
                shutil.rmtree(path, ignore_errors=True)


def _abandoned(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > ABANDONED_SECONDS
    except OSError:
        return False


def flush(path: Path) -> None:
    """Make a file or folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
