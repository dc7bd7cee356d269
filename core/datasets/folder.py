"""A folder with one subfolder a class."""

from collections.abc import Sequence
from pathlib import Path

from core.datasets.classes import class_order
from core.datasets.listing import counted, is_image, quoted
from core.datasets.patient_names import find_patients
from core.datasets.records import UNKNOWN_SOURCE, Dataset, Record, Task, table
from core.errors import DatasetError

_DIVISIONS = {"train", "training", "test", "testing", "val", "valid", "validation"}


def read_folder(
    folder: Path, files: Sequence[str], task: Task, patient_pattern: str | None
) -> Dataset | None:
    """Read images whose class is the subfolder that they lie in, at any depth below it.

    Parameters
    ----------
    folder : Path
    files : sequence of str
        All its files.
    task : "binary" or "subtype"
    patient_pattern : str, optional
        Regular expression with a group named `patient`; `patients.csv` in the folder otherwise.

    Returns
    -------
    Dataset or None
        None where no image lies in a subfolder. The scale of the images is unknown.

    Raises
    ------
    DatasetError
        If the subfolders are no classes, or the patients are contradictory.
    """
    inside = [path for path in files if is_image(path) and "/" in path]
    if not inside:
        return None
    names = [path.partition("/")[0] for path in inside]
    _check_names(folder, sorted(set(names)))
    classes, order = class_order(names, task, f"The subfolders of {folder}")
    patients, of_patients = find_patients(folder, inside, patient_pattern)
    records = table(
        Record(path, patient, patient, classes.index(name), name if task == "subtype" else "")
        for path, name, patient in zip(inside, names, patients or inside, strict=True)
    )
    shares = ", ".join(f"{names.count(name):,} {name}" for name in classes)
    notes = [
        f"A folder with one subfolder a class: {counted(len(inside), 'image')} ({shares}).",
        order,
        of_patients,
    ]
    beside = [path for path in files if is_image(path) and "/" not in path]
    if beside:
        notes.append(
            f"{counted(len(beside), 'image')} beside the subfolders left out, being of no class: "
            f"{quoted(beside, 3)}."
        )
    name = folder.resolve().name or "images"
    known = patients is not None
    return Dataset(name, folder, classes, records, UNKNOWN_SOURCE, task, known, tuple(notes))


def _check_names(folder: Path, names: list[str]) -> None:
    if len(names) == 1:
        raise DatasetError(
            f"All images in {folder} lie in one subfolder, {quoted(names)}. Expected one subfolder "
            "a class; if the classes are further inside, give the folder that holds them."
        )
    if {name.lower() for name in names} & _DIVISIONS:
        raise DatasetError(
            f"The subfolders of {folder} are {quoted(names)}, which divide the images and are no "
            "classes. Lobule divides by patient itself: put the images into one subfolder a class."
        )
