"""Where the images lie that a table of predictions names: in a dataset that is at hand.

A table names each image by its path in the folder that it was answered from. Wherever that folder
was, the name of a BreaKHis or IDC file says which image it is. Any other name (`1.png`) says so
only in the very dataset that the fingerprint is of: elsewhere it may be another image.
"""

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from core.datasets.published_scale import is_named
from core.datasets.records import Dataset


class Whereabouts(NamedTuple):
    """The file of an image, and its scale in µm/px; None where that is unknown."""

    file: Path
    um_per_px: float | None


def images_in(
    dataset: Dataset, images: Collection[str], fingerprint: str | None
) -> dict[str, Whereabouts]:
    """Those of some images that a dataset holds.

    Parameters
    ----------
    dataset : Dataset
    images : collection of str
        As a table of predictions names them.
    fingerprint : str or None
        Of the dataset that the table is of, as 64 hex digits; "" where it is not known. None where
        somebody has said that it is this dataset, so that equal paths are equal images.

    Returns
    -------
    dict of str to Whereabouts
        By the name in the table; images that the dataset does not hold are not in it.

    Raises
    ------
    DatasetError
        If the fingerprint has to be compared and a file cannot be read.
    """
    paths = dataset.records["path"].tolist()
    scales = dict(zip(paths, dataset.records["um_per_px"].tolist(), strict=True))
    # The path itself wins over a file of the same name elsewhere.
    paths_of = {name: name for name in images if name in scales and is_named(name)}
    files = {_file(name): name for name in images if name not in paths_of and is_named(name)}
    if files:
        paths_of |= {files[_file(path)]: path for path in paths if _file(path) in files}
    others = {name for name in images if not is_named(name)}
    if fingerprint is None or _is_of(dataset, others, fingerprint):
        paths_of |= {name: name for name in others & scales.keys()}
    return {
        name: Whereabouts(dataset.root / path, scales[path] if scales[path] > 0 else None)
        for name, path in paths_of.items()
    }


def _is_of(dataset: Dataset, images: Collection[str], fingerprint: str) -> bool:
    """Whether it is the dataset of that fingerprint, which some images are of."""
    # A fingerprint takes the content of every file: first what is cheap to see.
    every = set(images) <= set(dataset.records["path"])
    return bool(images and fingerprint and every) and dataset.fingerprint == fingerprint


def _file(path: str) -> str:
    return path.rpartition("/")[2]
