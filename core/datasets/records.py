"""The table of records that every reader returns, and the dataset that carries it.

One row is one image. Columns, in this order:

=============  ========  =============================================================
column         dtype     meaning
=============  ========  =============================================================
path           str       file, relative to the dataset's folder, with `/`
patient        str       the person; never empty
slide          str       the glass slide; the patient again where slides are not named
label          int64     index into `Dataset.classes`
magnification  str       "40X" …; empty where the source does not say
um_per_px      float64   micrometres per pixel; NaN where the source does not say
x, y           int64     position on the slide in its pixels; -1 where unknown
=============  ========  =============================================================
"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from core.errors import DatasetError

COLUMNS = ("path", "patient", "slide", "label", "magnification", "um_per_px", "x", "y")


@dataclass(frozen=True)
class Source:
    """What must be said of a dataset wherever a model trained on it is shown.

    Attributes
    ----------
    um_per_px : float
        Scale of the images, micrometres per pixel.
    field_um : float
        Side of the square that one image shows, micrometres.
    licence : str
    citations : tuple of str
    good_for, not_for : tuple of str
        What a model trained on it may and must not be used for, one sentence each.
    """

    um_per_px: float
    field_um: float
    licence: str
    citations: tuple[str, ...]
    good_for: tuple[str, ...]
    not_for: tuple[str, ...]


@dataclass(frozen=True)
class Dataset:
    """Labelled images in a folder.

    Attributes
    ----------
    name : str
        What the source is called, for people ("IDC").
    root : Path
        Folder that the paths of the records are relative to.
    classes : tuple of str
        Class names; a record's label is an index into them.
    records : pandas.DataFrame
        One row an image, sorted by path; columns as in this module's description.
    source : Source
    """

    name: str
    root: Path
    classes: tuple[str, ...]
    records: pd.DataFrame
    source: Source

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over every record's path, patient, label and file content, as 64 hex digits."""
        with ThreadPoolExecutor() as pool:
            contents = pool.map(_content_hash, (self.root / path for path in self.records["path"]))
            digest = hashlib.sha256("\n".join(self.classes).encode())
            columns = self.records[["path", "patient", "label"]].itertuples(index=False)
            for (path, patient, label), content in zip(columns, contents, strict=True):
                digest.update(f"\n{path}\t{patient}\t{label}\t{content}".encode())
        return digest.hexdigest()


def _content_hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DatasetError(
            f"The image {path} was there when the folder was listed and cannot be read now "
            f"({error.strerror}). Check the folder, then start again."
        ) from error
