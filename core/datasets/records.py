"""The table of records that every reader returns, and the dataset that carries it.

One row is one image. Columns, in this order:

=============  ========  =============================================================
column         dtype     meaning
=============  ========  =============================================================
path           str       file, relative to the dataset's folder, with `/`; a manifest
                         may name files elsewhere, by absolute paths
patient        str       the person; never empty: the path where patients are unknown
slide          str       the glass slide; the patient again where slides are not named
label          int64     index into `Dataset.classes`
subtype        str       "ductal carcinoma" …; empty where the source does not say
magnification  str       "40X" …; empty where the source does not say
um_per_px      float64   micrometres per pixel; NaN where the source does not say
x, y           int64     position on the slide in its pixels; -1 where unknown
=============  ========  =============================================================
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

import pandas as pd

from core.datasets.listing import path_order, quoted
from core.datasets.spelling import magnification_name
from core.errors import DatasetError
from core.roots import image_files

Task = Literal["binary", "subtype"]
NOT_FOR_PATIENTS = "Any decision about a patient: it is a research tool, not a medical device."


class Record(NamedTuple):
    """One image, as a row of the table; the columns are described above."""

    path: str
    patient: str
    slide: str
    label: int
    subtype: str = ""
    magnification: str = ""
    um_per_px: float = math.nan
    x: int = -1
    y: int = -1


COLUMNS = Record._fields
_DTYPES = {
    name: {str: "str", int: "int64", float: "float64"}[kind]
    for name, kind in Record.__annotations__.items()
}


def table(records: Iterable[Record]) -> pd.DataFrame:
    """Put records into a table, ordered by path, with the columns and dtypes described above.

    Raises
    ------
    DatasetError
        If a file's name is no valid text: it could be neither shown nor saved.
    """
    rows = sorted(records, key=lambda record: path_order(record.path))
    wrong = [row.path for row in rows if not _is_text(row.path)]
    if wrong:
        raise DatasetError(
            f"The names of these files are not valid UTF-8: {quoted(wrong)}. Rename them."
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(_DTYPES)


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def magnifications_of(records: pd.DataFrame) -> tuple[str, ...]:
    """The magnifications that the records name, the lowest first."""
    names = set(records["magnification"]) - {""}
    return tuple(sorted(names, key=lambda name: (len(name), name)))


def with_magnifications(
    records: pd.DataFrame, magnifications: Sequence[str] | None, place: Path
) -> pd.DataFrame:
    """Return the records of the chosen magnifications; of all where None are given.

    Raises
    ------
    DatasetError
        If one does not exist among the records, or none is chosen.
    """
    if magnifications is None:
        return records
    chosen = {magnification_name(name) for name in magnifications}
    existing = magnifications_of(records)
    if not existing:
        raise DatasetError(
            f"The images in {place} state no magnification, so none can be chosen. Leave it "
            "out, or give a manifest with a magnification column."
        )
    if not chosen or chosen - set(existing):
        missing = quoted(sorted(chosen - set(existing))) if chosen else "no magnification"
        raise DatasetError(
            f"There are no images with {missing} in {place}. Choose among {', '.join(existing)}."
        )
    return records[records["magnification"].isin(chosen)].reset_index(drop=True)


@dataclass(frozen=True)
class Source:
    """What must be said of a dataset wherever a model trained on it is shown.

    Attributes
    ----------
    um_per_px : float
        Scale of the images, micrometres per pixel; NaN where it is unknown.
    field_um : float
        Side of the square that one image shows, micrometres; NaN where it is unknown.
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


UNKNOWN_SOURCE = Source(math.nan, math.nan, "not stated", (), (), (NOT_FOR_PATIENTS,))


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
    task : "binary" or "subtype"
        What the classes tell apart.
    patients_known : bool
        False where every image counts as its own patient: then no split can exclude a leak.
    notes : tuple of str
        What was found and how it was understood, in sentences for people.
    written : mapping of str to str
        By path, the patient as the source writes it, where the records have another spelling of
        the same; see `core.datasets.people`.
    positive_stated : bool
        Whether somebody said which class is positive, and not the words.
    """

    name: str
    root: Path
    classes: tuple[str, ...]
    records: pd.DataFrame
    source: Source
    task: Task = "binary"
    patients_known: bool = True
    notes: tuple[str, ...] = ()
    written: Mapping[str, str] = field(default_factory=dict)
    positive_stated: bool = False

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over every record's path, patient, label and file content, as 64 hex digits."""
        digest = hashlib.sha256("\n".join(self.classes).encode())
        columns = self.records[["path", "patient", "label"]].itertuples(index=False)
        for (path, patient, label), content in zip(columns, self.contents, strict=True):
            digest.update(f"\n{path}\t{patient}\t{label}\t{content}".encode())
        return digest.hexdigest()

    @cached_property
    def contents(self) -> tuple[str, ...]:
        """SHA-256 of every record's file when it was first asked for, as 64 hex digits."""
        file = image_files(self.root)
        with ThreadPoolExecutor() as pool:
            return tuple(pool.map(lambda path: _content_hash(file(path)), self.records["path"]))


def _content_hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DatasetError(
            f"The image {path} was there when the folder was listed but cannot be read now "
            f"({error.strerror}). Check the folder, then start again."
        ) from error
