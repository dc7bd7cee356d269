"""Read every image of a dataset once, in parallel, and measure it; what is known is not read."""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.audit.facts import FACTS, KNOWN_FORMATS, measure
from core.datasets.audit.memory import recall, remember
from core.datasets.audit.pictures import decode_picture
from core.datasets.records import Dataset
from core.errors import ImageError, Stopped
from core.imaging.formats import format_of
from core.roots import bounds, outside
from core.settings import get_settings

_CHUNK, _CHUNK_BYTES = 128, 8 << 20  # at most: files, and bytes of files as large as the first
_FREED = 24 << 20  # bytes; glibc goes up to 32 MiB
_SMALL = 128 * 128  # pixels; larger images are measured one by one, so that memory stays flat


@dataclass(frozen=True)
class Scan:
    """What is known of every image of a dataset.

    Attributes
    ----------
    facts : array of dtype FACTS, shape (images,)
        In the order of the records.
    reasons : dict
        What is wrong with each unreadable file, in words, by path.
    read : int
        Files that were read this time.
    """

    facts: NDArray[np.void]
    reasons: dict[str, str]
    read: int


def scan(
    dataset: Dataset,
    folder: Path,
    progress: Callable[[float], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Scan:
    """Measure every image of a dataset.

    A file counts as unchanged, and is not read, while its size and its time of modification are
    what they were. What was measured is kept even when the scan is cancelled or fails.

    Parameters
    ----------
    dataset : Dataset
    folder : Path
        Where what was measured is kept, in one file for this dataset's folder.
    progress : callable
        Told the share of images done, in [0, 1].
    cancelled : callable
        Asked before each image, in several threads; when it says so, the scan ends.

    Raises
    ------
    Stopped
        If cancelled.
    DatasetError
        If what was measured cannot be written.
    """
    paths = dataset.records["path"].tolist()
    file = folder / f"{name_of(dataset.root)}.npz"
    files, allowed = places(dataset.root, paths), bounds(dataset.root)
    facts, reasons = recall(file, paths)
    known = facts["size"] >= 0  # the others are read, whatever the disk says of them
    stamps = _stamps([place for place, is_known in zip(files, known, strict=True) if is_known])
    before = facts[known]
    known[known] = (before["size"] == stamps[:, 0]) & (before["modified"] == stamps[:, 1])
    changed = np.flatnonzero(~known)
    done = len(paths) - len(changed)
    try:
        for rows, measured, wrong in _measured(files, changed, allowed, cancelled):
            facts[rows] = measured
            known[rows] = True
            reasons.update({paths[row]: words for row, words in wrong.items()})
            done += len(rows)
            progress(done / len(paths))
    finally:
        if len(changed):
            known_paths = [path for path, is_known in zip(paths, known, strict=True) if is_known]
            unreadable = set(np.array(paths, dtype=object)[known & ~facts["readable"]])
            reasons = {path: words for path, words in reasons.items() if path in unreadable}
            remember(file, known_paths, facts[known], reasons)
    return Scan(facts, reasons, len(changed))


def name_of(root: Path) -> str:
    """Under which name what was measured in a folder is kept."""
    return hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:32]


def places(root: Path, paths: list[str]) -> list[str]:
    """Where each file lies."""
    # Text rather than Path: 8,000 Path objects cost as long as asking the disk about the files.
    folder = f"{root}{os.sep}"
    return [path if path.startswith("/") else folder + path for path in paths]


def _stamps(files: list[str]) -> NDArray[np.int64]:
    """Size and time of modification of each file, (N, 2); -1 where it is missing."""
    stamps = []
    for place in files:
        try:
            status = os.stat(place)  # noqa: PTH116 - as above
        except (OSError, ValueError):
            stamps += [-1, -1]
        else:
            stamps += [status.st_size, status.st_mtime_ns]
    return np.array(stamps, dtype=np.int64).reshape(-1, 2)


Chunk = tuple[NDArray[np.int64], NDArray[np.void], dict[int, str]]


def _measured(
    files: list[str],
    rows: NDArray[np.int64],
    allowed: Callable[[str], bool],
    cancelled: Callable[[], bool],
) -> Iterator[Chunk]:
    """Yield chunks of rows with what was measured; a few chunks are under way at any time."""
    settings = get_settings()
    limits = (settings.max_image_bytes, settings.max_image_pixels)
    workers = os.cpu_count() or 1
    under_way: deque[Future[Chunk]] = deque()
    _keep_freed_memory()
    with ThreadPoolExecutor(workers) as pool:
        start = 0
        while start < len(rows):
            end = start + _files_a_chunk(files[rows[start]])
            chunk = (files, rows[start:end], limits, allowed, cancelled)
            under_way.append(pool.submit(_measure_chunk, *chunk))
            start = end
            if len(under_way) > 2 * workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def _files_a_chunk(place: str) -> int:
    """Few if the files are large, so that progress is seen to move."""
    try:
        size = os.stat(place).st_size  # noqa: PTH116 - as above
    except (OSError, ValueError):
        return _CHUNK
    return max(1, min(_CHUNK, _CHUNK_BYTES // max(1, size)))


def _keep_freed_memory() -> None:
    """Have the C library keep what a chunk frees for the next one.

    Once it has freed a block of this size, glibc no longer gives smaller ones back to the system at
    once; otherwise each chunk's memory is mapped and cleared anew, a fifth of all the time.
    """
    np.empty(_FREED, dtype=np.uint8)


def _measure_chunk(
    files: list[str],
    rows: NDArray[np.int64],
    limits: tuple[int, int],
    allowed: Callable[[str], bool],
    cancelled: Callable[[], bool],
) -> Chunk:
    facts = np.zeros(len(rows), FACTS)
    wrong: dict[int, str] = {}
    small: dict[tuple[int, ...], list[tuple[int, NDArray[np.uint8]]]] = {}
    stamps = np.full((len(rows), 2), -1, dtype=np.int64)
    formats = np.zeros(len(rows), dtype=np.uint8)
    square = np.ones(len(rows), dtype=bool)
    for at, row in enumerate(rows.tolist()):
        if cancelled():
            raise Stopped("Audit stopped; the next one continues from there.")
        if not allowed(files[row]):
            wrong[row] = outside("The file leads")
            continue
        try:
            data, *stamps[at] = _read(files[row], limits[0])
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "its name cannot be used"
            wrong[row] = f"The file cannot be opened ({reason}). Check that it is still there."
            continue
        formats[at] = KNOWN_FORMATS.index(format_of(data))
        try:
            pixels, square[at] = decode_picture(data, *limits)
        except ImageError as error:
            wrong[row] = str(error)
            continue
        if pixels.size <= _SMALL * 3:
            small.setdefault(pixels.shape, []).append((at, pixels))
        else:
            facts[at] = measure(pixels[None])[0]
    for group in small.values():
        facts[[at for at, _ in group]] = measure(np.stack([pixels for _, pixels in group]))
    facts["size"], facts["modified"] = stamps.T
    facts["format"], facts["square"] = formats, square
    return rows, facts, wrong


def read_pixels(place: str, allowed: Callable[[str], bool]) -> NDArray[np.uint8] | None:
    """Read one image again; None if it cannot, or may not, be read any more."""
    if not allowed(place):
        return None
    settings = get_settings()
    try:
        data, *_ = _read(place, settings.max_image_bytes)
        return decode_picture(data, settings.max_image_bytes, settings.max_image_pixels)[0]
    except (OSError, ValueError, ImageError):
        return None


def _read(place: str, max_bytes: int) -> tuple[bytes, int, int]:
    """Content, size and time of modification of one and the same file; a byte over the limit."""
    descriptor = os.open(place, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(descriptor)
        wanted = min(status.st_size, max_bytes + 1)
        data = os.read(descriptor, wanted)
        while len(data) < wanted and (more := os.read(descriptor, wanted - len(data))):
            data += more
    finally:
        os.close(descriptor)
    return data, status.st_size, status.st_mtime_ns
