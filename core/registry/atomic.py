"""Files and folders that appear whole or not at all."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# A save that is still running may be this old; anything older was left by a crash.
ABANDONED_SECONDS = 3600


def write_whole(path: Path, text: str) -> None:
    """Write a text file, in the place of one that is there; OSError leaves that as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextmanager
def hidden_folder(folder: Path, purpose: str) -> Iterator[Path]:
    """Yield a new folder beside `folder` that no shelf shows; it is gone afterwards."""
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
