"""Squares to pretrain on: of a dataset, of a folder with any images, or of slides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.breakhis import is_breakhis
from core.datasets.cache import pixel_cache
from core.datasets.classes import UndecidedClassesError
from core.datasets.idc import is_idc
from core.datasets.listing import is_image, list_files
from core.datasets.open import open_dataset
from core.datasets.patient_names import find_patients
from core.datasets.people import one_person_each
from core.datasets.records import UNKNOWN_SOURCE, Dataset, Record, table
from core.errors import DatasetError
from core.imaging.tiles import crops_needed
from core.rights import Deed, require
from core.roots import refuse_outside
from core.settings import get_settings
from core.training.request.input_spec import median_shape


@dataclass(frozen=True)
class Squares:
    """Pixels, and whose they are.

    Attributes
    ----------
    dataset : Dataset
        N images; of one whose layout is not known, without labels and patients.
    fingerprint : str
        Of all that was asked for, 64 hex digits.
    pixels : uint8 array, shape (N × crops, s, s, 3)
        Memory-mapped.
    crops : int
    um_per_px : float or None
        Scale at which they are shown; None if it is unknown, or there are several.
    """

    dataset: Dataset
    fingerprint: str
    pixels: NDArray[np.uint8]
    crops: int
    um_per_px: float | None

    @property
    def patients(self) -> tuple[str, ...] | None:
        """Whose images they are; None if nobody knows."""
        if not self.dataset.patients_known:
            return None
        return tuple(sorted(set(self.dataset.records["patient"])))


def unlabelled(path: Path, patient_pattern: str | None = None) -> Dataset:
    """Read a dataset of a known layout, or any images in a folder, at any depth.

    Raises
    ------
    DatasetError
        If there is no image, or the layout is known and contradicts itself.
    """
    try:
        return _known(path, patient_pattern)
    except DatasetError as error:
        if patient_pattern is not None or not path.is_dir():
            raise
        refused = error
    require(Deed.OPEN_DATA)
    refuse_outside(path)
    files = [file for file in list_files(path) if is_image(file)]
    if not files:
        raise DatasetError(
            f"There is no image in {path}. Give a folder with images, or, of slides, the scale of "
            "the tiles to cut (--slide-scale)."
        )
    if _named_as_published(files):
        raise refused
    patients, _ = find_patients(path, files, None)
    records = table(
        Record(file, patient, patient, 0)
        for file, patient in zip(files, patients or files, strict=True)
    )
    dataset = Dataset(
        *(path.name or "images", path, ("image",), records, UNKNOWN_SOURCE),
        patients_known=patients is not None,
    )
    return one_person_each(dataset)


def _named_as_published(files: Sequence[str]) -> bool:
    """Whether `open_dataset` takes them for one of the sets that name their patients."""
    breakhis, idc = (sum(map(named, files)) for named in (is_breakhis, is_idc))
    return bool(breakhis) != bool(idc) and 2 * (breakhis + idc) >= len(files)


def _known(path: Path, patient_pattern: str | None) -> Dataset:
    """A dataset of a known layout, whatever its classes are: nobody looks at them."""
    try:
        return open_dataset(path, patient_pattern=patient_pattern)
    except UndecidedClassesError as error:
        positive = error.classes[-1]
        return open_dataset(path, patient_pattern=patient_pattern, positive=positive)
    except DatasetError as error:
        try:
            return open_dataset(path, task="subtype", patient_pattern=patient_pattern)
        except DatasetError:
            raise error from None


def squares_of(dataset: Dataset, side: int, progress: Callable[[float], None]) -> Squares:
    """Read a dataset's images as squares; of long ones several side by side.

    Parameters
    ----------
    dataset : Dataset
    side : int
        Of the squares, px.
    progress : callable
        Told the share done, in [0, 1].

    Raises
    ------
    LobuleError
        If no image can be read, or there is no room for them.
    """
    height, width = median_shape(dataset, np.arange(len(dataset.records)))
    crops = crops_needed(height, width)
    cached = pixel_cache(dataset, side, get_settings().cache, progress, crops=crops)
    scales = np.unique(dataset.records["um_per_px"].round(3))
    known = len(scales) == 1 and bool(np.isfinite(scales[0]))
    scale = float(scales[0]) * min(height, width) / side if known else None
    return Squares(cached.dataset, dataset.fingerprint, cached.pixels, crops, scale)
