"""Vectors that took long to compute, kept in a file by what they are of."""

import hashlib
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from core.errors import TrainingError

UNREADABLE_ARRAYS = (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error)
"""What NumPy raises for a damaged .npz file, or one that lacks something."""
_KEY = 16  # bytes
_AT_A_TIME = 64


class KeptVectors:
    """float32 vectors of one length, found by a key; an interrupted computation goes on.

    `<stem>.f32` holds the vectors and `<stem>.keys` their keys, both only appended to. Whoever
    computes holds a lock, so that nothing is computed twice at once.

    Parameters
    ----------
    stem : Path
        Folder and first part of the files' names.
    length : int
        Of a vector.
    """

    def __init__(self, stem: Path, length: int) -> None:
        self._length = length
        self._values, self._keys, self._lock = (
            stem.with_name(stem.name + suffix) for suffix in (".f32", ".keys", ".lock")
        )

    def of(
        self,
        keys: Sequence[bytes],
        compute: Callable[[NDArray[np.int64]], NDArray[np.float32]],
        progress: Callable[[float], None] = lambda _: None,
    ) -> NDArray[np.float32]:
        """Vectors of some keys, (n, length).

        Parameters
        ----------
        keys : sequence of bytes
            As `key_of` makes them.
        compute : callable
            Vectors of some of the keys, given by their places in `keys`, that were not kept.
        progress : callable
            Told the share that is there, in [0, 1].

        Raises
        ------
        TrainingError
            If the disk is full or not to be written to.
        """
        try:
            self._values.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._lock):
                rows = self._rows()
                # Squares of the same pixels have one key, which is computed once.
                first: dict[bytes, int] = {}
                for at, key in enumerate(keys):
                    if key not in rows:
                        first.setdefault(key, at)
                missing = np.array(list(first.values()), np.int64)
                progress(1 - len(missing) / max(1, len(keys)))
                for start in range(0, len(missing), _AT_A_TIME):
                    places = missing[start : start + _AT_A_TIME]
                    self._append([keys[place] for place in places], compute(places), rows)
                    done = len(missing) - start - len(places)
                    progress(1 - done / len(keys))
                vectors = np.memmap(self._values, np.float32, "r").reshape(-1, self._length)
                return np.asarray(vectors[[rows[key] for key in keys]])
        except OSError as error:
            raise TrainingError(
                f"Features could not be kept in {self._values.parent}: {error.strerror or error}. "
                "Free some space or set LOBULE_HOME to another disk."
            ) from error

    def _rows(self) -> dict[bytes, int]:
        """The row of each key; what a crash left of half a batch is cut off."""
        for path in (self._values, self._keys):
            path.touch()
        width = 4 * self._length
        whole = min(
            self._values.stat().st_size // width,
            self._keys.stat().st_size // _KEY,
        )
        for path, size in ((self._values, whole * width), (self._keys, whole * _KEY)):
            with path.open("r+b") as file:
                file.truncate(size)
        content = self._keys.read_bytes()
        return {content[at : at + _KEY]: at // _KEY for at in range(0, len(content), _KEY)}

    def _append(
        self, keys: list[bytes], vectors: NDArray[np.float32], rows: dict[bytes, int]
    ) -> None:
        if vectors.shape != (len(keys), self._length) or not np.isfinite(vectors).all():
            raise TrainingError(
                f"Of {len(keys)} images came {vectors.shape} numbers, where {self._length} finite "
                "ones each were expected. Add the encoder again."
            )
        start = self._keys.stat().st_size // _KEY
        # The keys last: a vector without its key is computed again, a key without would be wrong.
        with self._values.open("ab") as file:
            file.write(np.ascontiguousarray(vectors, np.float32).tobytes())
        with self._keys.open("ab") as file:
            file.write(b"".join(keys))
        rows.update({key: start + number for number, key in enumerate(keys)})


def key_of(*parts: object) -> bytes:
    """The key of what these parts describe."""
    return hashlib.sha256("\n".join(map(str, parts)).encode()).digest()[:_KEY]
