"""The images in a zip archive, read in memory and within bounds; nothing is written anywhere.

An archive is what a stranger made: its names are data, and what it says of sizes is not believed.
"""

import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.errors import ImageError
from core.zip_files import open_zip

SUFFIX = ".zip"
_ENCRYPTED = 0x1
_BLOCK = 1 << 20
_MOST_LISTED = 10_000
# What systems put beside people's files.
_JUNK = {"__macosx", "thumbs.db", "desktop.ini"}


@dataclass(frozen=True)
class Unpacked:
    """What an archive holds.

    Attributes
    ----------
    images : dict of str to bytes
        Content by name, in the archive's order; a name has its folders where it needs them to be
        one of its kind.
    left_out : dict of str to int
        Why files were left out, and how many.
    """

    images: dict[str, bytes]
    left_out: dict[str, int]


def unpack(
    data: bytes, suffixes: Collection[str], most: int, largest: int, most_bytes: int
) -> Unpacked:
    """Take the images out of an archive.

    Parameters
    ----------
    data : bytes
        Of the archive.
    suffixes : collection of str
        Of images, in small letters, with the point.
    most : int
        How many are taken.
    largest, most_bytes : int
        Bytes that one image, and all together, may have.

    Raises
    ------
    ImageError
        If it is no archive, or is damaged so that it cannot even be listed.
    """
    with ExitStack() as opened:
        try:
            archive = opened.enter_context(open_zip(io.BytesIO(data), _MOST_LISTED))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            raise ImageError(
                f"This zip archive is damaged or incomplete, or lists more than {_MOST_LISTED:,} "
                "files. Copy it again from its source, or give the images themselves."
            ) from error
        files = [entry for entry in archive.infolist() if not _is_junk(entry)]
        repeated = Counter(PurePosixPath(entry.filename).name for entry in files)
        images: dict[str, bytes] = {}
        left_out: Counter[str] = Counter()
        room = most_bytes
        for entry in files:
            path = PurePosixPath(entry.filename)
            if path.suffix.lower() not in suffixes:
                left_out["no image that Lobule reads"] += 1
            elif entry.flag_bits & _ENCRYPTED:
                left_out["locked by a password"] += 1
            elif len(images) == most:
                left_out[f"over {most:,} images"] += 1
            else:
                content = _content(archive, entry, min(largest, room))
                if isinstance(content, str):
                    left_out[content] += 1
                else:
                    room -= len(content)
                    images[path.name if repeated[path.name] == 1 else str(path)] = content
    return Unpacked(images, dict(left_out))


def _is_junk(entry: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(entry.filename).parts
    # `is_dir` of Python 3.11 breaks at an entry without a name.
    return entry.filename.endswith("/") or any(
        (part.startswith(".") and part != "..") or part.lower() in _JUNK for part in parts
    )


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, largest: int) -> bytes | str:
    """A file's content, or why it is left out; no more is unpacked than is allowed."""
    parts, held = [], 0
    try:
        with archive.open(entry) as file:
            while block := file.read(_BLOCK):
                held += len(block)
                if held > largest:
                    return "too large"
                parts.append(block)
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        ValueError,
        EOFError,
        OSError,
    ):
        return "damaged"
    return b"".join(parts)
