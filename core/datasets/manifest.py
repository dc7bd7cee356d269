"""A manifest: a CSV or Parquet table that names each image, its class and more.

Columns `path, label[, patient, slide, subtype, magnification, um_per_px]`. Paths are relative to
the folder of the manifest, or absolute. A column is filled in for every image or left out;
`um_per_px` alone may be empty in places.
"""

import math
import os
import posixpath
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pandas as pd

from core.counts import counted
from core.datasets.classes import class_order
from core.datasets.listing import quoted
from core.datasets.patient_names import UNKNOWN, by_pattern
from core.datasets.record_scale import with_file_scales
from core.datasets.records import (
    UNKNOWN_SOURCE,
    Dataset,
    Record,
    Source,
    Task,
    table,
    with_magnifications,
)
from core.datasets.spelling import (
    is_missing,
    is_missing_label,
    magnification_name,
    path_key,
    people_in,
)
from core.datasets.text_table import Row, read_text_table, row_names
from core.errors import DatasetError, ImageError
from core.imaging.formats import read_header
from core.imaging.scale import number, why_implausible
from core.roots import bounds, outside
from core.settings import get_settings

REQUIRED = ("path", "label")
OPTIONAL = ("patient", "slide", "subtype", "magnification", "um_per_px")


def read_manifest(
    path: Path,
    task: Task,
    magnifications: Sequence[str] | None,
    patient_pattern: str | None,
    positive: str | None = None,
    known: Sequence[str] = (),
) -> Dataset:
    """Read the images that a manifest names.

    Parameters
    ----------
    path : Path
        The manifest, `.csv` or `.parquet`.
    task : "binary" or "subtype"
        The classes are those of the column `label`; for subtypes those of the column `subtype`
        where there is one.
    magnifications : sequence of str, optional
        Those to keep; all unless given.
    patient_pattern : str, optional
        Regular expression with a group named `patient`, where there is no column `patient`.
    positive : str, optional
        The positive class, where somebody said which it is.
    known : sequence of str
        Classes of a model, as `class_order` takes them.

    Raises
    ------
    DatasetError
        If columns or cells are missing or wrong, naming the rows; or images do not exist.
    """
    rows = read_text_table(path, REQUIRED, OPTIONAL)
    _check_filled(path, rows)
    root = path.parent
    images = [posixpath.normpath(row["path"].replace("\\", "/")) for row in rows]
    _refuse_outside(path, images)
    images, other_form = _existing(root, images)
    if other_form:
        _refuse_outside(path, images)
    _check_paths(path, root, images)
    column = "subtype" if task == "subtype" and "subtype" in rows[0] else "label"
    classes, spelling, order = class_order(
        (row[column] for row in rows), task, f"The column {column} of {path}", positive, known
    )
    patients, of_patients = _patients(path, rows, images, patient_pattern)
    scales = _scales(path, rows)
    records = table(
        Record(
            image,
            patient,
            row.get("slide", patient),
            classes.index(spelling[row[column]]),
            row.get("subtype", ""),
            magnification_name(row.get("magnification", "")),
            scale,
        )
        for row, image, patient, scale in zip(rows, images, patients or images, scales, strict=True)
    )
    records = with_magnifications(records, magnifications, path)
    first = f"The manifest {path.name}: {counted(len(records), 'image')}."
    records, scale_notes = with_file_scales(root, records, f"The manifest {path.name}")
    return Dataset(
        *(path.stem, root, classes, records, _source(root, records), task),
        patients_known=patients is not None,
        notes=(first, *order, of_patients, *scale_notes, *_scale_note(records), *other_form),
        positive_stated=positive is not None,
    )


def _check_filled(path: Path, rows: list[Row]) -> None:
    for column in rows[0]:
        if column == "um_per_px":
            continue
        cells = [row[column] for row in rows]
        empty = [at for at, cell in enumerate(cells) if _says_nothing(column, cell)]
        if empty:
            instead = "leave out the row" if column in REQUIRED else "drop the column"
            written = sorted({cells[at] for at in empty if cells[at]})
            such = f": {quoted(written)} names nobody" if written else ""
            raise DatasetError(
                f"The manifest {path} has an empty {column} in {row_names(empty)}{such}. Fill it "
                f"in, or {instead}."
            )


def _says_nothing(column: str, cell: str) -> bool:
    if column == "path":
        return not cell
    return is_missing_label(cell) if column == "label" else is_missing(cell)


def _refuse_outside(path: Path, images: list[str]) -> None:
    allowed = bounds(path.parent)
    wrong = [at for at, image in enumerate(images) if not allowed(path.parent / image)]
    if wrong:
        names = quoted(images[at] for at in wrong)
        raise DatasetError(
            outside(f"The manifest {path} names images in {row_names(wrong)} ({names}) that lie")
        )


def _existing(root: Path, images: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """The names of files as the disk has them, where the manifest has another Unicode form."""
    listed: dict[str, dict[str, list[str]]] = {}
    allowed = bounds(root)

    def names_in(place: str) -> dict[str, list[str]]:
        if place not in listed:
            listed[place] = {}
            with suppress(OSError):
                for name in os.listdir(root / place):  # noqa: PTH208 - names, not paths
                    listed[place].setdefault(path_key(name), []).append(name)
        return listed[place]

    def found(place: str, parts: list[str]) -> str | None:
        if not parts:
            return place
        # Outside the roots, as on the way to them from the top, nothing is looked at.
        as_written = parts[0] == ".." or not allowed(root / place)
        names = [parts[0]] if as_written else names_in(place).get(path_key(parts[0]), [])
        ways = (found(posixpath.join(place, name), parts[1:]) for name in names)
        return next((way for way in ways if way), None)

    def on_disk(image: str) -> str:
        if image.isascii() or os.path.isfile(root / image):  # noqa: PTH113 - as below
            return image
        absolute = image.startswith("/")
        parts = image.removeprefix("/").split("/")
        return found("/" if absolute else "", parts) or image

    files = [on_disk(image) for image in images]
    changed = [name for name, image in zip(files, images, strict=True) if name != image]
    if not changed:
        return files, ()
    note = (
        f"The names of {counted(len(changed), 'file')} are written in another Unicode form than on "
        f"the disk, such as {quoted(changed, 1)}."
    )
    return files, (note,)


def _check_paths(path: Path, root: Path, images: list[str]) -> None:
    seen: dict[str, int] = {}
    twice = [at for at, image in enumerate(images) if seen.setdefault(image, at) != at]
    if twice:
        raise DatasetError(
            f"The manifest {path} names an image a second time in {row_names(twice)}: "
            f"{quoted(images[at] for at in twice)}. Keep one row for each image."
        )
    absent = [at for at, image in enumerate(images) if not os.path.isfile(root / image)]  # noqa: PTH113 - names that no file can have are False here, not an error
    if absent:
        raise DatasetError(
            f"The manifest {path} names files that do not exist in {row_names(absent)}: "
            f"{quoted(images[at] for at in absent)}. Paths are relative to {root}, the folder of "
            "the manifest."
        )


def _patients(
    path: Path, rows: list[Row], images: list[str], pattern: str | None
) -> tuple[list[str] | None, str]:
    if "patient" in rows[0]:
        if pattern is not None:
            raise DatasetError(
                f"The manifest {path} has a patient column, and a pattern for patients was "
                "given too. Leave one out."
            )
        patients = [row["patient"] for row in rows]
        return patients, f"{counted(people_in(patients), 'patient')}, by the manifest."
    if pattern is not None:
        patients = by_pattern(images, pattern)
        return patients, f"{counted(people_in(patients), 'patient')}, by the pattern “{pattern}”."
    return None, UNKNOWN


def _scales(path: Path, rows: list[Row]) -> list[float]:
    scales = [_number(row.get("um_per_px", "")) for row in rows]
    wrong = [at for at, scale in enumerate(scales) if scale <= 0 or math.isinf(scale)]
    if wrong:
        raise DatasetError(
            f"The manifest {path} has a um_per_px that is not a positive number in "
            f"{row_names(wrong)}. Give micrometres per pixel, such as 0.25; leave it empty "
            "where it is unknown."
        )
    odd = {at: words for at, scale in enumerate(scales) if (words := _why_no_scale(scale))}
    if odd:
        first = next(iter(odd))
        others = [scale for at, scale in enumerate(scales) if scale > 0 and at not in odd]
        apart = max(scales[first] / others[0], others[0] / scales[first]) if others else 0
        more = (
            f" Other rows have {others[0]:g}, which is {apart:,.0f} times apart." if others else ""
        )
        raise DatasetError(
            f"The manifest {path} has a um_per_px of {scales[first]:g} in {row_names(odd)}; it "
            f"{odd[first]}{more} Correct it, or leave it empty where it is unknown."
        )
    return scales


def _why_no_scale(scale: float) -> str | None:
    return None if math.isnan(scale) else why_implausible(scale)


def _number(text: str) -> float:
    """NaN where it is empty or says that nothing is known, -1 where it is no number."""
    value = number(text)
    if value is None or math.isnan(value):
        return math.nan if is_missing(text) else -1.0
    return value


def _scale_note(records: pd.DataFrame) -> list[str]:
    known = records["um_per_px"].dropna()
    if known.empty:
        return ["The scale of the images is unknown: there is no um_per_px."]
    low, high = known.min(), known.max()
    span = f"{low:g} µm/px" if low == high else f"{low:g} to {high:g} µm/px"
    unknown = len(records) - len(known)
    return [f"Scale {span}" + (f", unknown for {counted(unknown, 'image')}." if unknown else ".")]


def _source(root: Path, records: pd.DataFrame) -> Source:
    """Scale and field by the first image of the median scale."""
    known = records[records["um_per_px"].notna()].sort_values("um_per_px", kind="stable")
    if known.empty:
        return UNKNOWN_SOURCE
    middle = known.iloc[(len(known) - 1) // 2]
    image = root / middle["path"]
    try:
        if image.stat().st_size > get_settings().max_image_bytes:
            return UNKNOWN_SOURCE
        header = read_header(image.read_bytes())
    except (ImageError, OSError):
        return UNKNOWN_SOURCE
    scale = float(middle["um_per_px"])
    field = min(header.width, header.height) * scale
    return replace(UNKNOWN_SOURCE, um_per_px=scale, field_um=field)
