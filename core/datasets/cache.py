"""Decoded pixels of a dataset, once, in a memory-mapped file."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from core.datasets.cache_file import CacheFile
from core.datasets.records import Dataset
from core.errors import DatasetError, ImageError
from core.imaging.normalise import Normalisation, normalise_stain
from core.imaging.read import read_image
from core.imaging.resize import resize
from core.imaging.tiles import square_crops

# What is decoded between two entries in the journal: at most this much is decoded again after an
# interruption, and at most this much is held in memory.
_CHUNK_BYTES = 16_000_000


class Cached(NamedTuple):
    """The pixels of a dataset, and what could not be read.

    Attributes
    ----------
    pixels : uint8 array, shape (M × crops, size, size, 3)
        RGB, in the order of `dataset.records`, the crops of an image one after the other;
        memory-mapped read-only.
    dataset : Dataset
        The one that was asked for, without the images that cannot be read.
    rows : int64 array, shape (M,)
        Rows of these images in the dataset that was asked for.
    unreadable : dict of str to str
        Path of each image that was left out, and why.
    crops : int
        Squares that stand for each image.
    """

    pixels: NDArray[np.uint8]
    dataset: Dataset
    rows: NDArray[np.int64]
    unreadable: dict[str, str]
    crops: int = 1


def pixel_cache(
    dataset: Dataset,
    size: int,
    folder: Path,
    progress: Callable[[float], None] = lambda _: None,
    stain: Normalisation = "none",
    crops: int = 1,
) -> Cached:
    """Every image of the dataset that can be read, at `size` × `size` pixels, its stain normalised.

    One crop is the whole image, squashed where it is not square; several are squares as tall as the
    image is, overlapping by half along its longer side.

    The file is named by the dataset's fingerprint, the size, the stain and the crops, and bears
    that name only when it is complete. A build that was interrupted goes on where it stopped; of
    several processes that want the same cache one builds it, and the others wait.

    Raises
    ------
    DatasetError
        If no image can be read, or the disk is full; nothing half-written is left then.
    """
    images = len(dataset.records)
    suffix = "" if stain == "none" else f"-{stain}"
    suffix += "" if crops == 1 else f"-{crops}"
    file = CacheFile(folder / f"{dataset.fingerprint[:32]}-{size}{suffix}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not file.complete(images):
            with FileLock(file.lock):
                if not file.complete(images):
                    _build(dataset, size, stain, crops, file, progress)
    except OSError as error:
        raise DatasetError(
            f"The pixel cache ({images * crops * size**2 * 3 / 1e6:.0f} MB) could not be written "
            f"to {folder}: {error.strerror}. Free some space or set LOBULE_HOME to another disk."
        ) from error
    unreadable = file.unreadable()
    pixels: NDArray[np.uint8] = np.load(file.path, mmap_mode="r").reshape(-1, size, size, 3)
    rows = np.setdiff1d(np.arange(images), np.array(list(unreadable), dtype=np.int64))
    if not unreadable:
        return Cached(pixels, dataset, rows, {}, crops)
    reasons = {str(dataset.records["path"].iloc[row]): text for row, text in unreadable.items()}
    records = dataset.records.iloc[rows].reset_index(drop=True)
    return Cached(pixels, replace(dataset, records=records), rows, reasons, crops)


def _build(
    dataset: Dataset,
    size: int,
    stain: Normalisation,
    crops: int,
    file: CacheFile,
    progress: Callable[[float], None],
) -> None:
    def read(relative: str) -> NDArray[np.uint8] | str:
        try:
            squares = square_crops(read_image(dataset.root / relative).pixels, crops)
            pixels = [normalise_stain(resize(square, size, size), stain) for square in squares]
            return np.stack(pixels)
        except ImageError as error:
            return str(error)

    paths = dataset.records["path"].tolist()
    shape = (crops, size, size, 3)
    chunk = max(1, _CHUNK_BYTES // math.prod(shape))
    with file.writer((len(paths), *shape)) as writer, ThreadPoolExecutor() as pool:
        while writer.done < len(paths):
            images = []
            for image in pool.map(read, paths[writer.done : writer.done + chunk]):
                images.append(image)
                progress((writer.done + len(images)) / len(paths))
            writer.write(images)
        if len(writer.unreadable) == len(paths):
            raise DatasetError(
                f"None of the {len(paths)} images in {dataset.root} can be read. The first is "
                f"{paths[0]}: {writer.unreadable[0]}"
            )
