"""The IDC patches (Cruz-Roa et al. 2014; Janowczyk & Madabhushi 2016): reader and stitching.

A file is called `<patient>_idx5_x<X>_y<Y>_class<C>.png`; X and Y are pixels on the slide at about
4 µm/px (2.5×), class 1 is invasive ductal carcinoma. The folders around the files do not matter,
but a `0` or `1` folder must agree with the name.
"""

import os
import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.counts import counted
from core.datasets.listing import once_by_name, quoted
from core.datasets.published_scale import IDC_NAME, IDC_PATCH, IDC_UM_PER_PX
from core.datasets.records import NOT_FOR_PATIENTS, Dataset, Record, Source, table
from core.errors import DatasetError, ImageError
from core.imaging.formats import PNG_SIGNATURE, read_header
from core.imaging.read import read_image
from core.imaging.resize import resize
from core.roots import image_files

CLASSES = ("no IDC", "IDC")
_SQUARE = 0.9
SOURCE = Source(
    um_per_px=IDC_UM_PER_PX,
    field_um=IDC_PATCH * IDC_UM_PER_PX,
    licence="Images: public-domain dedication, CC0 1.0, as published on Kaggle",
    citations=(
        (
            "Cruz-Roa A. et al. Automatic detection of invasive ductal carcinoma in whole slide "
            "images with convolutional neural networks. SPIE Medical Imaging 9041, 2014."
        ),
        (
            "Janowczyk A., Madabhushi A. Deep learning for digital pathology image analysis: A "
            "comprehensive tutorial with selected use cases. J Pathol Inform 7:29, 2016."
        ),
    ),
    good_for=(
        (
            "Showing where in an H&E-stained breast section, at about 4 µm/px, tissue looks like "
            "invasive ductal carcinoma."
        ),
    ),
    not_for=(
        NOT_FOR_PATIENTS,
        (
            "Single fields at diagnostic magnification (10× and above): one input spans 200 µm, "
            "and cells cannot be told apart at its scale."
        ),
        (
            "Other tumours, carcinoma in situ, lymph nodes, frozen sections or other stains: it "
            "was trained on none of these."
        ),
    ),
)


def is_idc(path: str) -> bool:
    """Whether a file is named as an IDC patch."""
    return IDC_NAME.fullmatch(path.rpartition("/")[2]) is not None


def read_idc(folder: Path, files: Sequence[str]) -> Dataset:
    """Read IDC patches, whatever folders they lie in.

    Parameters
    ----------
    folder : Path
    files : sequence of str
        Paths in it for which `is_idc` holds, at least one.

    Raises
    ------
    DatasetError
        If a patch lies in a `0` or `1` folder that contradicts the class in its name, or two files
        of one name differ.
    """
    distinct, copies = once_by_name(folder, files)
    records = table(map(_record, distinct))
    records, source, resized = _at_size(folder, records)
    positive = int(records["label"].sum())
    summary = (
        f"IDC: {counted(len(records), 'image')} of "
        f"{counted(records['patient'].nunique(), 'patient')}, {positive:,} with carcinoma and "
        f"{len(records) - positive:,} without."
    )
    notes = [summary, *resized]
    if copies:
        notes.append(
            f"{counted(copies, 'file')} of the same name and content occur more than once, in "
            "other folders; each patch counts once."
        )
    return Dataset("IDC", folder, CLASSES, records, source, notes=tuple(notes))


def _at_size(folder: Path, records: pd.DataFrame) -> tuple[pd.DataFrame, Source, tuple[str, ...]]:
    """Give resized patches the scale that follows from their size, and say so."""
    # Text and one thread: there may be 277,524 files, and threads would only wait for one another.
    sizes = np.array([_size(f"{folder}/{path}") for path in records["path"]], dtype=np.float64)
    longest = sizes.max(axis=1)
    known = longest[longest > 0]
    values, numbers = np.unique(known, return_counts=True)
    usual = float(values[numbers.argmax()]) if len(values) else float(IDC_PATCH)
    # Smaller ones are of the edge of a slide, cut and not resized; damaged ones are as the others.
    side = np.where((longest > usual) | (longest == IDC_PATCH), longest, usual)
    shapes = sizes[longest == usual]
    stretched = len(shapes) and np.median(shapes.min(axis=1)) < _SQUARE * usual
    resized = side != IDC_PATCH
    if not resized.any():
        return records, SOURCE, ()
    scales = IDC_UM_PER_PX * IDC_PATCH / side
    where = counted(int(resized.sum()), "image")
    if stretched and usual != IDC_PATCH:
        scales = np.where(resized, np.nan, scales)
        note = f"The scale of {where} is unknown: they are neither 50×50 px nor square."
        source = replace(SOURCE, um_per_px=float("nan"), field_um=float("nan"))
        return records.assign(um_per_px=scales), source, (note,)
    shown = ", ".join(f"{length:g}" for length in np.unique(side[resized])[:5])
    note = (
        f"{where} not of the published size, 50 px, but {shown} px: their µm/px is "
        f"{IDC_UM_PER_PX:g} times 50 / side, {IDC_UM_PER_PX * IDC_PATCH / usual:.4g} for "
        f"{usual:g} px."
    )
    source = replace(SOURCE, um_per_px=IDC_UM_PER_PX * IDC_PATCH / usual)
    return records.assign(um_per_px=scales), source, (note,)


def _size(place: str) -> tuple[int, int]:
    """Width and height by the header; zeros where it cannot be read."""
    try:
        file = os.open(place, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            head = os.read(file, 24)
        finally:
            os.close(file)
        if head.startswith(PNG_SIGNATURE) and len(head) == 24:  # noqa: PLR2004 - up to the height
            width, height = struct.unpack(">II", head[16:])
            return width, height
        header = read_header(Path(place).read_bytes())
    except (OSError, ImageError, ValueError):
        return 0, 0
    return header.width, header.height


def _record(path: str) -> Record:
    *folders, name = path.split("/")
    match = IDC_NAME.fullmatch(name)
    assert match  # noqa: S101 - `is_idc` chose the files
    if folders and folders[-1] in {"0", "1"} and folders[-1] != match["label"]:
        raise DatasetError(
            f"{quoted([path])} lies in folder {folders[-1]} but its name says class "
            f"{match['label']}. Move the file or correct its name."
        )
    patient = match["patient"]
    x, y = int(match["x"]), int(match["y"])
    return Record(path, patient, patient, int(match["label"]), um_per_px=IDC_UM_PER_PX, x=x, y=y)


def stitch(dataset: Dataset, patient: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Put a patient's patches back where they were cut.

    Returns
    -------
    pixels : uint8 array, shape (rows * 50, columns * 50, 3)
        The part of the slide that the patches span; white where there is none.
    labels : int64 array, shape (rows, columns)
        Class of each patch, -1 where there is none.

    Raises
    ------
    DatasetError
        If the patient is not in the dataset.
    """
    records = dataset.records[dataset.records["patient"] == patient]
    if records.empty:
        raise DatasetError(
            f"Patient {patient!r} is not in {dataset.root}. "
            f"Its patients are: {', '.join(sorted(dataset.records['patient'].unique()))}."
        )
    columns = ((records["x"] - records["x"].min()) // IDC_PATCH).to_numpy()
    rows = ((records["y"] - records["y"].min()) // IDC_PATCH).to_numpy()
    labels = np.full((rows.max() + 1, columns.max() + 1), -1, dtype=np.int64)
    pixels = np.full(
        (labels.shape[0] * IDC_PATCH, labels.shape[1] * IDC_PATCH, 3), 255, dtype=np.uint8
    )
    patches = zip(records["path"], records["label"], rows, columns, strict=True)
    file = image_files(dataset.root)
    for path, label, row, column in patches:
        patch = read_image(file(path)).pixels
        if max(patch.shape) > IDC_PATCH:
            patch = resize(patch, IDC_PATCH, IDC_PATCH)
        top, left = row * IDC_PATCH, column * IDC_PATCH
        pixels[top : top + patch.shape[0], left : left + patch.shape[1]] = patch[
            :IDC_PATCH, :IDC_PATCH
        ]
        labels[row, column] = label
    return pixels, labels
