"""BreaKHis (Spanhol et al. 2016): reader of the official tree and of its copies.

The names of the files decide, and the folders must not contradict them:
`SOB_<B|M>_<A|F|PT|TA|DC|LC|MC|PC>-<slide>-<40|100|200|400>-<number>.png`. The patient is the case
number; letters behind it name blocks of the same case, so slide `14-22549AB` is of patient
`14-22549`.

The published images are 700×460 px (a few 700×456), at 0.49, 0.20, 0.10 and 0.05 µm/px (40X, 100X,
200X, 400X). A copy at another size but in these proportions shows the same tissue, so its µm/px is
the published one times 700 / width, with the width from each file's header. In other proportions
the scale is unknown: the image was cropped or stretched.
"""

import re
import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from core.counts import counted
from core.datasets.listing import once_by_name, quoted
from core.datasets.published_scale import (
    BREAKHIS_HEIGHT,
    BREAKHIS_NAME,
    BREAKHIS_UM_PER_PX,
    BREAKHIS_WIDTH,
    breakhis_scale,
)
from core.datasets.records import (
    NOT_FOR_PATIENTS,
    Dataset,
    Record,
    Source,
    Task,
    table,
    with_magnifications,
)
from core.errors import DatasetError, ImageError
from core.imaging.formats import PNG_SIGNATURE, read_header

BENIGN = {
    "A": "adenosis",
    "F": "fibroadenoma",
    "PT": "phyllodes tumour",
    "TA": "tubular adenoma",
}
MALIGNANT = {
    "DC": "ductal carcinoma",
    "LC": "lobular carcinoma",
    "MC": "mucinous carcinoma",
    "PC": "papillary carcinoma",
}
SUBTYPES = BENIGN | MALIGNANT
"""Subtypes by the letters in the file names, in the order of the subtype task's classes."""
CLASSES: dict[Task, tuple[str, ...]] = {
    "binary": ("benign", "malignant"),
    "subtype": tuple(SUBTYPES.values()),
}
SOURCE = Source(
    um_per_px=BREAKHIS_UM_PER_PX["100X"],
    field_um=BREAKHIS_UM_PER_PX["100X"] * BREAKHIS_HEIGHT,
    licence="CC BY 4.0",
    citations=(
        (
            "Spanhol F.A., Oliveira L.S., Petitjean C., Heutte L. A dataset for breast cancer "
            "histopathological image classification. IEEE Trans Biomed Eng 63(7):1455–1462, 2016."
        ),
    ),
    good_for=(
        (
            "Research on single fields of H&E-stained breast tumours, taken at the magnification "
            "that it was trained on."
        ),
    ),
    not_for=(
        NOT_FOR_PATIENTS,
        (
            "Normal breast tissue, carcinoma in situ, or tissue that no pathologist chose as the "
            "field of interest: BreaKHis has none of these."
        ),
        "Other laboratories, scanners or stains without a test: all slides come from one.",
    ),
)
"""As published at 100X; `field_um` is the image's shorter side. `read_breakhis` gives each dataset
the scale of its own 100X images, or of its most frequent magnification where it has no 100X."""
_MAGNIFICATION_FOLDER = re.compile(r"(40|100|200|400)[xX]")
_DIVISIONS = {"train", "test", "val", "valid", "validation"}


def is_breakhis(path: str) -> bool:
    """Whether a file is named as BreaKHis names its images."""
    return BREAKHIS_NAME.fullmatch(path.rpartition("/")[2]) is not None


def read_breakhis(
    folder: Path, files: Sequence[str], task: Task, magnifications: Sequence[str] | None
) -> Dataset:
    """Read BreaKHis images, whatever folders they lie in.

    Parameters
    ----------
    folder : Path
    files : sequence of str
        Paths in it for which `is_breakhis` holds, at least one.
    task : "binary" or "subtype"
    magnifications : sequence of str, optional
        Those to keep ("40X" …); all unless given.

    Raises
    ------
    DatasetError
        If a folder contradicts a name, two files of one name differ, or a magnification that was
        chosen does not exist.
    """
    distinct, copies = once_by_name(folder, files)
    records = table(_record(folder, path, task) for path in distinct)
    records = with_magnifications(records, magnifications, folder)
    notes = [_summary(records)]
    if copies:
        notes.append(
            f"{counted(copies, 'file')} of the same name and content occur more than once, in "
            "other folders; each image counts once."
        )
    return Dataset(
        "BreaKHis",
        folder,
        CLASSES[task],
        records,
        _source(records),
        task,
        notes=(*notes, *_scale_notes(records), *_subtype_notes(records, task)),
    )


def _record(folder: Path, path: str, task: Task) -> Record:
    *folders, name = path.split("/")
    match = BREAKHIS_NAME.fullmatch(name)
    assert match  # noqa: S101 - `is_breakhis` chose the files
    letters = match["subtype"].upper()
    subtype = SUBTYPES[letters]
    kind = CLASSES["binary"][match["kind"].upper() == "M"]
    magnification = f"{match['magnification']}X"
    if (letters in MALIGNANT) != (kind == CLASSES["binary"][1]):
        raise DatasetError(
            f"{quoted([path])} is named as {kind} and as {subtype}, which contradict each other. "
            "Correct the name, or leave the file out."
        )
    for part in folders:
        words = part.lower().replace("_", " ").replace("tumor", "tumour")
        wrong_kind = words in CLASSES["binary"] and words != kind
        wrong_subtype = words in CLASSES["subtype"] and words != subtype
        wrong_size = _MAGNIFICATION_FOLDER.fullmatch(part) and part.upper() != magnification
        if wrong_kind or wrong_subtype or wrong_size:
            raise DatasetError(
                f"{quoted([path])} lies in the folder {quoted([part])}, but its name says "
                f"{kind}, {subtype}, {magnification}. Move the file, or correct its name."
            )
    slide = match["patient"] + match["blocks"].upper()
    label = CLASSES[task].index(kind if task == "binary" else subtype)
    scale = _um_per_px(folder / path, magnification)
    return Record(path, match["patient"], slide, label, subtype, magnification, scale)


def _um_per_px(path: Path, magnification: str) -> float:
    """Scale by the width in the header; NaN for other proportions or where there is no header."""
    try:
        with path.open("rb") as file:
            head = file.read(24)
            if not head.startswith(PNG_SIGNATURE):
                return _or_nan(breakhis_scale(*_other_size(head + file.read()), magnification))
    except OSError as error:
        raise DatasetError(
            f"The image {path} cannot be read ({error.strerror}). Check its permissions."
        ) from error
    if len(head) < 24:  # noqa: PLR2004 - up to the height
        return float("nan")
    width, height = struct.unpack(">II", head[16:])
    return _or_nan(breakhis_scale(width, height, magnification))


def _other_size(data: bytes) -> tuple[int, int]:
    try:
        header = read_header(data)
    except (ImageError, ValueError):
        return 0, 0
    return header.width, header.height


def _or_nan(scale: float | None) -> float:
    return float("nan") if scale is None else scale


def _source(records: pd.DataFrame) -> Source:
    sizes = records["magnification"]
    reference = "100X" if (sizes == "100X").any() else sizes.mode()[0]
    scales = records.loc[sizes == reference, "um_per_px"].dropna()
    if scales.empty:
        return replace(SOURCE, um_per_px=float("nan"), field_um=float("nan"))
    field = BREAKHIS_UM_PER_PX[reference] * BREAKHIS_HEIGHT
    return replace(SOURCE, um_per_px=float(scales.median()), field_um=field)


def _summary(records: pd.DataFrame) -> str:
    layouts = " and ".join(sorted({_layout(path) for path in records["path"]}))
    number = {column: records[column].nunique() for column in records}
    return (
        f"BreaKHis in {layouts}: {counted(len(records), 'image')}, "
        f"{counted(number['subtype'], 'subtype')}, "
        f"{counted(number['magnification'], 'magnification')}, "
        f"{counted(number['slide'], 'slide')} of {counted(number['patient'], 'patient')}."
    )


def _layout(path: str) -> str:
    folders = path.split("/")[:-1]
    if "SOB" in folders:
        return "the official tree"
    if _DIVISIONS & {part.lower() for part in folders}:
        return "the training and test folders of a copy, put together"
    return "folders of official names" if folders else "one flat folder"


def _scale_notes(records: pd.DataFrame) -> list[str]:
    notes = []
    published = records["magnification"].map(BREAKHIS_UM_PER_PX)
    widths = (published * BREAKHIS_WIDTH / records["um_per_px"]).dropna().round().astype(int)
    resized = sorted(set(widths) - {BREAKHIS_WIDTH})
    if resized:
        number = int((widths != BREAKHIS_WIDTH).sum())
        shown = ", ".join(map(str, resized[:5])) + (" …" if len(resized) > 5 else "")  # noqa: PLR2004
        notes.append(
            f"{counted(number, 'image')} not of the published width, 700 px, but {shown} px: "
            "their µm/px is the published one times 700 / width."
        )
    unknown = records.loc[records["um_per_px"].isna(), "path"]
    if len(unknown):
        notes.append(
            f"The scale of {counted(len(unknown), 'image')} is unknown: damaged, or not in "
            f"the published proportions, 700:460: {quoted(unknown, 3)}."
        )
    return notes


def _subtype_notes(records: pd.DataFrame, task: Task) -> list[str]:
    notes = []
    several = records.groupby("patient")["subtype"].unique()
    several = several[several.map(len) > 1]
    if len(several):
        shown = "; ".join(f"{p}: {', '.join(sorted(s))}" for p, s in several.iloc[:5].items())
        more = f"; and {len(several) - 5} more" if len(several) > 5 else ""  # noqa: PLR2004
        notes.append(f"{counted(len(several), 'patient')} in two or more subtypes ({shown}{more}).")
    missing = [name for name in CLASSES["subtype"] if name not in set(records["subtype"])]
    if missing and task == "subtype":
        notes.append(f"No images of {', '.join(missing)}.")
    return notes
