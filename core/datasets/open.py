"""Recognise what a folder or manifest holds and read it as a dataset."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from core.counts import counted
from core.datasets.breakhis import is_breakhis, read_breakhis
from core.datasets.classes import check_positive
from core.datasets.folder import read_folder, refuse_two_classes
from core.datasets.idc import is_idc, read_idc
from core.datasets.listing import (
    MANIFEST_SUFFIXES,
    described,
    is_image,
    list_files,
    quoted,
)
from core.datasets.manifest import read_manifest
from core.datasets.people import group_neighbours, one_person_each
from core.datasets.records import Dataset, Task, with_magnifications
from core.errors import DatasetError
from core.rights import Deed, require
from core.roots import refuse_outside

_ACCEPTED = (
    "BreaKHis images under their official names (SOB_B_A-14-22549AB-40-001.png), in any "
    "folders; IDC patches named <patient>_idx5_x<X>_y<Y>_class<0|1>.png, in any folders; a "
    "folder with one subfolder of images per class; or the path of a manifest, a .csv or "
    ".parquet table with the columns path and label"
)
_PICTURES = (
    *(".gif", ".pdf", ".dcm", ".dicom", ".czi", ".jp2", ".j2k", ".jxl", ".heic", ".heif", ".avif"),
    *(".psd", ".vsi", ".mrxs", ".bif", ".zvi", ".lif", ".nd2", ".npy", ".h5"),
)
_PACKED = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")


def open_dataset(
    path: Path,
    *,
    task: Task = "binary",
    magnifications: Sequence[str] | None = None,
    patient_pattern: str | None = None,
    positive: str | None = None,
    model_classes: Sequence[str] = (),
    neighbours: bool = False,
    listed: Callable[[int], None] = lambda _: None,
) -> Dataset:
    r"""Read a dataset, whatever its known layout; its notes say what was found.

    Parameters
    ----------
    path : Path
        A folder (BreaKHis, IDC, or one subfolder a class), or a manifest (`.csv`, `.parquet`).
    task : "binary" or "subtype"
        Two classes, or any number of them. BreaKHis has both tasks, IDC the binary one.
    magnifications : sequence of str, optional
        Those to keep ("40X" …); all unless given.
    patient_pattern : str, optional
        Regular expression with a group named `patient`, for instance `(?P<patient>\d+)_`, searched
        for in each image's path. Only where the layout does not name the patients.
    positive : str, optional
        The positive class of two, where their words do not say which it is.
    model_classes : sequence of str
        Classes of a model that the dataset is for, the positive last: these need not be asked for.
    neighbours : bool
        Whether to take neighbouring ids of IDC for one woman.
    listed : callable
        Told how many files there are by now, while a folder is listed; may raise to stop.

    Raises
    ------
    UndecidedClassesError
        If the words of two classes do not say which is positive, and nobody does.
    DatasetError
        If it or an image lies where data may not be read (see `core.roots`), there is nothing at
        the path, or no known layout, or a contradictory one; the message says what was seen and
        what would be accepted.

    Examples
    --------
    Of a folder of 140 patches under their official names:

    >>> dataset = open_dataset(folder)
    >>> dataset.classes
    ('no IDC', 'IDC')
    >>> dataset.notes
    ('IDC: 140 images of 8 patients, 70 with carcinoma and 70 without.',)
    """
    require(Deed.OPEN_DATA)
    path = Path(path)
    refuse_outside(path)
    classes_asked = (positive, model_classes)
    if _is_manifest(path):
        dataset = read_manifest(path, task, magnifications, patient_pattern, *classes_asked)
    else:
        dataset = _open_folder(path, task, magnifications, patient_pattern, classes_asked, listed)
    if neighbours:
        dataset = group_neighbours(dataset)
    return one_person_each(dataset)


def _open_folder(
    path: Path,
    task: Task,
    magnifications: Sequence[str] | None,
    patient_pattern: str | None,
    classes_asked: tuple[str | None, Sequence[str]],
    listed: Callable[[int], None],
) -> Dataset:
    again: dict[str, str] = {}
    files = list_files(path, listed, again)
    images = [file for file in files if is_image(file)]
    breakhis = [file for file in images if is_breakhis(file)]
    idc = [file for file in images if is_idc(file)]
    if not (breakhis or idc):
        folder = read_folder(path, files, task, patient_pattern, magnifications, *classes_asked)
        if folder is None:
            raise DatasetError(
                f"{path} is not a dataset that Lobule recognises: {described(files)}. "
                f"Expected {_ACCEPTED}."
            )
        refuse_two_classes(folder, again)
        return _with_left_out(folder, files)
    named = {*breakhis, *idc}
    others = [file for file in images if file not in named]
    _check_one_source(path, breakhis, idc, others)
    if patient_pattern is not None:
        raise DatasetError(
            f"File names in {path} already name the patient, such as "
            f"{quoted(breakhis + idc, 1)}. Leave the pattern for patients out."
        )
    if breakhis:
        dataset = read_breakhis(path, breakhis, task, magnifications)
    elif task == "subtype":
        raise DatasetError(f"{path} holds IDC patches, which have no subtypes: choose binary.")
    else:
        dataset = read_idc(path, idc)
        with_magnifications(dataset.records, magnifications, path)
    check_positive(classes_asked[0], dataset.classes if task == "binary" else (), dataset.name)
    dataset = replace(dataset, positive_stated=classes_asked[0] is not None)
    if not others:
        return dataset
    note = f"{counted(len(others), 'image')} under other names left out: {quoted(others, 3)}."
    return replace(dataset, notes=(*dataset.notes, note))


def _with_left_out(dataset: Dataset, files: Sequence[str]) -> Dataset:
    """Tell of pictures that are not read, which would be missed in silence."""
    others = [file for file in files if file.lower().endswith(_PICTURES)]
    if not others:
        return dataset
    note = f"{counted(len(others), 'file')} of other kinds left out: {quoted(others, 3)}."
    return replace(dataset, notes=(*dataset.notes, note))


def _is_manifest(path: Path) -> bool:
    """Tell a manifest from a folder; DatasetError for everything else."""
    try:
        if path.is_dir():
            return False
        if not path.is_file():
            raise DatasetError(
                f"There is no folder or manifest {path}. Give the folder that holds the images."
            )
    except OSError as error:
        raise DatasetError(
            f"{path} cannot be opened ({error.strerror}). Check its permissions."
        ) from error
    if path.name.lower().endswith(_PACKED):
        raise DatasetError(
            f"{path} is a packed archive. Unpack it into a folder, and give the folder."
        )
    if path.suffix.lower() not in MANIFEST_SUFFIXES:
        raise DatasetError(f"{path} is a file, but not a manifest. Expected {_ACCEPTED}.")
    return True


def _check_one_source(
    path: Path, breakhis: Sequence[str], idc: Sequence[str], others: Sequence[str]
) -> None:
    """Refuse a mixture: one must not be read in silence while the other is left out."""
    if breakhis and idc:
        raise DatasetError(
            f"{path} holds {counted(len(breakhis), 'BreaKHis image')} ({quoted(breakhis, 1)}) "
            f"and {counted(len(idc), 'IDC image')} ({quoted(idc, 1)}). Give the folder of one "
            "dataset."
        )
    source, named = ("BreaKHis", breakhis) if breakhis else ("IDC", idc)
    if len(named) < len(others):
        raise DatasetError(
            f"{path} holds {counted(len(named), 'image')} named as in {source} "
            f"({quoted(named, 1)}) among {counted(len(others), 'other image')} "
            f"({quoted(others, 2)}). Put them into separate folders."
        )
