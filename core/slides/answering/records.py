"""What was answered of each tile, in a file that is only ever appended to.

Every record has the same length and ends with a checksum. Wherever a process is killed, whole
records stay, and what is left of a torn one is cut off by whoever goes on.
"""

import errno
import os
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import SlideError

ANSWERED, UNREADABLE = 0, 1
_SECONDS_BETWEEN_FLUSHES = 5.0


def record_type(classes: int, members: int) -> np.dtype[Any]:
    """The fields of a record: index of the tile in its plan's grid, state, and what was answered.

    `distance` and `sharpness` are as in `core.explain.passes.Explained`, NaN where the model has no
    such test; `members` are the probabilities of an ensemble's members, of which there may be none.
    """
    return np.dtype(
        [
            ("tile", "<u4"),
            ("state", "<u4"),
            ("probabilities", "<f4", (classes,)),
            ("distance", "<f4"),
            ("sharpness", "<f4"),
            *([("members", "<f4", (members, classes))] if members else []),
            ("check", "<u4"),
        ]
    )


class Records:
    """Appends to the file of one answer, whose lock this process holds."""

    def __init__(self, path: Path, kind: np.dtype[Any]) -> None:
        self._kind = kind
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        torn = os.fstat(self._file).st_size % kind.itemsize
        if torn:
            os.ftruncate(self._file, os.fstat(self._file).st_size - torn)
        self._flushed = time.monotonic()

    def append(self, records: NDArray[Any]) -> None:
        """Append records; their checks are filled in.

        Raises
        ------
        SlideError
            If there is no room for them.
        """
        records["check"] = _checks(records)
        data = records.tobytes()
        try:
            self._write(data)
            if time.monotonic() - self._flushed >= _SECONDS_BETWEEN_FLUSHES:
                self.flush()
        except OSError as error:
            raise SlideError(
                f"What was answered cannot be written to {self._path.parent}: {error.strerror}. "
                "The tiles answered before are kept. Make room or allow writing there, and resume."
            ) from error

    def _write(self, data: bytes) -> None:
        written = os.write(self._file, data)
        if written < len(data):
            os.ftruncate(self._file, os.fstat(self._file).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def flush(self) -> None:
        """Make what was appended survive a power cut."""
        os.fsync(self._file)
        self._flushed = time.monotonic()

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def read_records(path: Path, kind: np.dtype[Any]) -> NDArray[Any]:
    """Return the whole and sound records, the last of each tile, ordered by tile.

    Raises
    ------
    OSError
        If the file is there and cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    records = np.frombuffer(data, kind, count=len(data) // kind.itemsize)
    records = records[records["check"] == _checks(records)]
    # The last of equals is the first of the reversed.
    _, places = np.unique(records["tile"][::-1], return_index=True)
    chosen: NDArray[Any] = records[::-1][places]
    return chosen


def _checks(records: NDArray[Any]) -> NDArray[np.uint32]:
    size = records.dtype.itemsize
    data = records.tobytes()
    ends = range(0, len(data), size)
    return np.array([zlib.crc32(data[at : at + size - 4]) for at in ends], np.uint32)
