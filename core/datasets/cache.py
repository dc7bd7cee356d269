"""Decoded pixels of a dataset, once, in a memory-mapped file."""

import hashlib
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from core.datasets.cache_file import CacheFile, Gone
from core.datasets.records import Dataset
from core.errors import DatasetError, ImageError
from core.imaging.normalise import Normalisation, normalise_stain
from core.imaging.read import PIXELS_VERSION, Image, read_image
from core.imaging.resize import resize
from core.imaging.tiles import square_crops
from core.roots import image_files

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
        Path of each image that was left out, and why: it is damaged, or was gone when it was read.
    crops : int
        Squares that stand for each image.
    file : Path
        That is mapped.
    """

    pixels: NDArray[np.uint8]
    dataset: Dataset
    rows: NDArray[np.int64]
    unreadable: dict[str, str]
    crops: int = 1
    file: Path = Path()


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

    The file is named by the dataset's fingerprint, the size, the stain, the crops and the version
    of what `read_image` makes of files, and bears that name only when it is complete. A build that
    was interrupted goes on where it stopped; of several processes that want the same cache one
    builds it, and the others wait.

    A file that has gone since the fingerprint was taken is left out this once: the next call builds
    the cache again.

    Raises
    ------
    DatasetError
        If no image can be read, the disk is full, or a file has changed since the fingerprint was
        taken; nothing half-written is left then.
    """
    images = len(dataset.records)
    suffix = "" if stain == "none" else f"-{stain}"
    suffix += "" if crops == 1 else f"-{crops}"
    file = CacheFile(folder / f"{dataset.fingerprint[:32]}-{size}{suffix}-r{PIXELS_VERSION}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if file.complete(images):
            return _found(dataset, size, crops, file)
        with FileLock(file.lock):
            if not file.complete(images):
                _build(dataset, size, stain, crops, file, progress)
            # Within the lock: where files are gone, the next process builds in the same place.
            return _found(dataset, size, crops, file)
    except OSError as error:
        raise DatasetError(
            f"The pixel cache ({images * crops * size**2 * 3 / 1e6:.0f} MB) could not be written "
            f"to {folder}: {error.strerror}. Free some space or set LOBULE_HOME to another disk."
        ) from error


def _found(dataset: Dataset, size: int, crops: int, file: CacheFile) -> Cached:
    unreadable = file.left_out()
    pixels: NDArray[np.uint8] = np.load(file.path, mmap_mode="r").reshape(-1, size, size, 3)
    everything = np.arange(len(dataset.records))
    rows = np.setdiff1d(everything, np.array(list(unreadable), dtype=np.int64))
    if not unreadable:
        return Cached(pixels, dataset, rows, {}, crops, file.path)
    reasons = {str(dataset.records["path"].iloc[row]): text for row, text in unreadable.items()}
    records = dataset.records.iloc[rows].reset_index(drop=True)
    return Cached(pixels, replace(dataset, records=records), rows, reasons, crops, file.path)


def _build(
    dataset: Dataset,
    size: int,
    stain: Normalisation,
    crops: int,
    file: CacheFile,
    progress: Callable[[float], None],
) -> None:
    file_of = image_files(dataset.root)

    def read(row: int) -> NDArray[np.uint8] | Gone | str:
        try:
            image = read_unchanged(file_of(paths[row]), dataset.contents[row])
            if isinstance(image, Gone):
                return image
            squares = square_crops(image.pixels, crops)
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
            for image in pool.map(read, range(len(paths))[writer.done : writer.done + chunk]):
                images.append(image)
                progress((writer.done + len(images)) / len(paths))
            writer.write(images)
        left_out = writer.unreadable | writer.gone
        if len(left_out) == len(paths):
            raise DatasetError(
                f"None of the {len(paths)} images in {dataset.root} can be read. The first is "
                f"{paths[0]}: {left_out[0]}"
            )


def read_unchanged(path: Path, sha256: str) -> Image | Gone:
    """Read an image, or say that its file has gone.

    Parameters
    ----------
    path : Path
    sha256 : str
        Of the file's content when the fingerprint was taken, as 64 hex digits.

    Raises
    ------
    ImageError
        If the file is what it was, and no image that can be read.
    DatasetError
        If its content is another by now.
    """
    try:
        image = read_image(path)
    except ImageError:
        # Damaged all along, or only now: what is kept under the fingerprint must be of its files.
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            return Gone(
                "It was there when the dataset was opened but cannot be read now "
                f"({error.strerror}). Put it back, and a later run will use it."
            )
        if digest == sha256:
            raise
    else:
        if image.info.sha256 == sha256:
            return image
    raise DatasetError(
        f"The dataset changed while it was read: {path} is not the file it was when the "
        "dataset was opened. Leave the folder unchanged during a run, and start again."
    )
