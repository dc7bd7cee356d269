"""Unpack an archive from the network: whole or not at all, and nothing outside its folder.

Contents are copied file by file and nothing but plain files and folders is ever made, so there is
no link that a later member could write through.
"""

import gzip
import re
import shutil
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from core.datasets.fetch import CHUNK, Progress
from core.datasets.listing import hidden
from core.errors import DatasetError
from core.zip_files import open_zip

# What reading a damaged archive can raise.
DAMAGE = (
    *(tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError),
    *(struct.error, RuntimeError, ValueError, OverflowError),
)
UNPACKING = ".unpacking-"


class ArchiveError(DatasetError):
    """An archive is damaged, or holds what no dataset holds."""


def extract(
    archive: Path, folder: Path, *, max_files: int, max_bytes: int, progress: Progress
) -> None:
    """Unpack a `.zip` or `.tar.gz` file into a new folder.

    Parameters
    ----------
    archive : Path
    folder : Path
        Must not exist; it appears when everything is unpacked.
    max_files, max_bytes : int
        More members (folders count) or bytes are refused.
    progress : callable

    Raises
    ------
    ArchiveError
        If the archive is damaged, leads outside its folder, holds links or devices, or is larger
        than allowed. Nothing is left behind.
    OSError
        If the disk is full or cannot be written to. Nothing is left behind.
    """
    members = _zip_members if archive.name.endswith(".zip") else _tar_members
    temporary = Path(tempfile.mkdtemp(prefix=UNPACKING, dir=folder.parent))
    try:
        inside = temporary / folder.name
        inside.mkdir()
        _fill(inside, members(archive, max_files), max_files, max_bytes, progress)
        inside.rename(folder)
    except ArchiveError as error:
        raise ArchiveError(f"{archive} is refused: {error}.") from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise ArchiveError(f"{archive} is refused: it holds the same name twice.") from error
    except DAMAGE as error:
        raise ArchiveError(f"{archive} is damaged or incomplete ({error}).") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _fill(
    inside: Path,
    members: Iterator["_Member"],
    max_files: int,
    max_bytes: int,
    progress: Progress,
) -> None:
    written = reported = 0
    for count, member in enumerate(members, start=1):
        if count > max_files:
            raise ArchiveError(f"it holds more than {max_files:,} files")
        if not 0 <= member.size <= max_bytes - written:
            raise ArchiveError(f"it unpacks to more than {max_bytes:,} bytes")
        parts = _parts(member.name)
        path = inside.joinpath(*parts)
        if any(map(hidden, parts)):
            # What systems put beside the files, such as .DS_Store and __MACOSX.
            written += member.size
            if member.content is not None:
                member.content.close()
            continue
        if member.content is None:
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with member.content as content, path.open("xb") as file:
            shutil.copyfileobj(content, file, CHUNK)
            written += file.tell()
        if member.done - reported >= CHUNK or member.done == member.total:
            reported = member.done
            progress("Unpacking", reported, member.total)


def clear_remains(parent: Path) -> None:
    """Remove what an unpacking left that was killed; none may be running."""
    for path in parent.glob(UNPACKING + "*"):
        shutil.rmtree(path, ignore_errors=True)


@dataclass(frozen=True)
class _Member:
    """One name in an archive; content is None for a folder, done of total is how far it lies."""

    name: str
    size: int
    content: IO[bytes] | None
    done: int
    total: int


def _zip_members(path: Path, max_files: int) -> Iterator[_Member]:
    with open_zip(path, max_files) as archive:
        infos = archive.infolist()
        done, total = 0, sum(info.file_size for info in infos)
        for info in infos:
            kind = stat.S_IFMT(info.external_attr >> 16)  # 0 where the system that packed has none
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise ArchiveError(f"{info.filename!r} is a link or device, not a plain file")
            folder = info.filename.endswith("/") or (
                info.filename.endswith("\\") and not info.file_size
            )
            content = None if folder else archive.open(info)
            done += info.file_size
            yield _Member(info.filename, info.file_size, content, done, total)


def _tar_members(path: Path, _max_files: int) -> Iterator[_Member]:
    total = path.stat().st_size
    with path.open("rb") as raw, _Bounded(fileobj=raw) as stream:
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            for member in archive:
                if not (member.isfile() or member.isdir()):
                    raise ArchiveError(f"{member.name!r} is a link or device, not a plain file")
                content = archive.extractfile(member) if member.isfile() else None
                yield _Member(member.name, member.size, content, raw.tell(), total)
        while stream.read(CHUNK):  # the checksum stands at the end
            pass


class _Bounded(gzip.GzipFile):
    """Refuses to read at once what no honest header asks for: tarfile believes any stated size."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= CHUNK:
            raise tarfile.ReadError("a header states an impossible size")
        return super().read(size)


def _parts(name: str) -> tuple[str, ...]:
    r"""Split a member's name; anything that could lead out of the folder is refused.

    Programs on Windows write `\` between folders.
    """
    # A Mac's folders with a picture of their own hold a file of that odd name.
    parts = PurePosixPath(name.replace("\\", "/")).parts
    drive = any(re.match(r"[A-Za-z]:", part) for part in parts)
    outside = name.startswith(("/", "\\")) or ".." in parts or drive
    if (
        not name
        or outside
        or any(ord(letter) < ord(" ") for letter in name.replace("Icon\r", "Icon"))
    ):
        raise ArchiveError(f"the name {name[:100]!r} could lead outside its folder")
    return parts
