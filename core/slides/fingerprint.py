"""What a slide is known by, whatever it is called and wherever it lies.

The SHA-256 of the size of each of its files, of the first and last megabyte and of 64 samples of 16
kilobytes spread over the rest: 3 MB are read of 4 GB. A slide that is whole and one that was cut
short differ, as do two scans; a change of a few bytes between the samples is not noticed.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

_END = 1 << 20
_SAMPLE = 1 << 14
_SAMPLES = 64
_VERSION = b"lobule slide 1\0"


def fingerprint(files: Sequence[Path]) -> str:
    """Return 64 hexadecimal digits.

    Parameters
    ----------
    files
        All that a slide consists of, in any order.

    Raises
    ------
    OSError
        If one cannot be read.
    """
    return hashlib.sha256(_VERSION + b"".join(sorted(map(_digest, files)))).hexdigest()


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        digest = hashlib.sha256(b"%d\0" % size)
        for start, length in _parts(size):
            file.seek(start)
            digest.update(file.read(length))
    return digest.digest()


def _parts(size: int) -> list[tuple[int, int]]:
    """Where to read, and how much; all of a small file."""
    if size <= 2 * _END + _SAMPLES * _SAMPLE:
        return [(0, size)]
    room = size - 2 * _END - _SAMPLE
    samples = [(_END + room * index // (_SAMPLES - 1), _SAMPLE) for index in range(_SAMPLES)]
    return [(0, _END), *samples, (size - _END, _END)]
