"""Decoded pixels of a dataset, once, in a memory-mapped file."""

import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.records import Dataset
from core.errors import DatasetError, ImageError
from core.imaging.read import read_image
from core.imaging.resize import resize


def pixel_cache(
    dataset: Dataset,
    size: int,
    folder: Path,
    progress: Callable[[float], None] = lambda _: None,
) -> NDArray[np.uint8]:
    """Every image of the dataset at `size` × `size` pixels, RGB, in the order of its records.

    The file is named by the dataset's fingerprint and the size, is written aside and renamed when
    complete, and is only read afterwards.

    Returns
    -------
    uint8 array, shape (N, size, size, 3), memory-mapped read-only

    Raises
    ------
    DatasetError
        If an image cannot be read, or the disk is full; nothing half-written is left.
    """
    path = folder / f"{dataset.fingerprint[:32]}-{size}.npy"
    if not path.exists():
        _build(dataset, size, path, progress)
    return np.load(path, mmap_mode="r")


def _build(dataset: Dataset, size: int, path: Path, progress: Callable[[float], None]) -> None:
    def pixels(relative: str) -> NDArray[np.uint8]:
        try:
            return resize(read_image(dataset.root / relative).pixels, size, size)
        except ImageError as error:
            raise DatasetError(f"{relative} in {dataset.root}: {error}") from error

    shape = (len(dataset.records), size, size, 3)
    aside = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".npy")
        os.close(handle)
        aside = Path(name)
        cache = np.lib.format.open_memmap(aside, mode="w+", dtype=np.uint8, shape=shape)
        with ThreadPoolExecutor() as pool:
            for row, image in enumerate(pool.map(pixels, dataset.records["path"])):
                cache[row] = image
                progress((row + 1) / len(cache))
        cache.flush()
        del cache
        aside.replace(path)
    except OSError as error:
        raise DatasetError(
            f"The pixel cache ({np.prod(shape) / 1e6:.0f} MB) could not be written to "
            f"{path.parent}: {error.strerror}. Free some space or set LOBULE_HOME to another disk."
        ) from error
    finally:
        if aside is not None:
            aside.unlink(missing_ok=True)
