"""A folder with one subfolder a class, below folders that only divide the images."""

import os
from collections.abc import Sequence
from pathlib import Path

from core.counts import counted
from core.datasets.classes import class_order
from core.datasets.levels import MAGNIFICATION, find_levels
from core.datasets.listing import is_image, quoted
from core.datasets.patient_names import find_patients
from core.datasets.record_scale import with_file_scales
from core.datasets.records import (
    UNKNOWN_SOURCE,
    Dataset,
    Record,
    Task,
    table,
    with_magnifications,
)
from core.datasets.spelling import label_key, magnification_name
from core.errors import DatasetError

_PLAIN_MAGNIFICATIONS = {"2.5", "4", "5", "10", "20", "40", "60", "63", "100", "200", "400"}


def read_folder(
    folder: Path,
    files: Sequence[str],
    task: Task,
    patient_pattern: str | None,
    magnifications: Sequence[str] | None = None,
    positive: str | None = None,
    known: Sequence[str] = (),
) -> Dataset | None:
    """Read images whose class is the subfolder that they lie in, at any depth below it.

    Folders that divide the images, as for training and test, by fold or by magnification, are no
    classes: those are below them. Magnifications are taken from folders above or below the classes,
    scales from the files.

    Parameters
    ----------
    folder : Path
    files : sequence of str
        All its files.
    task : "binary" or "subtype"
    patient_pattern : str, optional
        Regular expression with a group named `patient`; `patients.csv` in the folder otherwise.
    magnifications : sequence of str, optional
        Those to keep; all unless given.
    positive : str, optional
        The positive class, where somebody said which it is.
    known : sequence of str
        Classes of a model, as `class_order` takes them.

    Returns
    -------
    Dataset or None
        None where no image lies in a subfolder.

    Raises
    ------
    DatasetError
        If the subfolders are no classes, or the patients are contradictory.
    """
    images = [path for path in files if is_image(path)]
    if not any("/" in path for path in images):
        return None
    levels = find_levels(folder, [path for path in images if "/" in path], known)
    inside = levels.paths
    names = [path.split("/")[levels.depth] for path in inside]
    _check_names(folder, names)
    below = f" below {quoted(levels.dividing)}" if levels.depth else ""
    classes, spelling, order = class_order(
        names, task, f"The subfolders of {folder}{below}", positive, known
    )
    names = [spelling[name] for name in names]
    patients, how = find_patients(folder, inside, patient_pattern)
    bare = _bare_magnifications(inside, levels.depth)
    records = table(
        Record(
            *(path, patient, patient, classes.index(name), name if task == "subtype" else ""),
            _magnification(path, levels.depth, bare),
        )
        for path, name, patient in zip(inside, names, patients or inside, strict=True)
    )
    records = with_magnifications(records, magnifications, folder)
    records, scales = with_file_scales(folder, records, "The folder")
    shares = ", ".join(
        f"{number:,} {name}"
        for label, name in enumerate(classes)
        if (number := int((records["label"] == label).sum())) or magnifications is None
    )
    notes = [
        f"A folder with one subfolder per class: {counted(len(records), 'image')} ({shares}).",
        *order,
        how,
        *scales,
    ]
    if levels.depth:
        notes.insert(
            1,
            f"The folders {quoted(levels.dividing)} divide the images and are not classes; "
            "their contents are put together. Lobule splits by patient itself.",
        )
    chosen = {*inside}
    beside = [path for path in images if path not in chosen]
    if beside:
        notes.append(
            f"{counted(len(beside), 'image')} beside the subfolders left out, as they belong "
            f"to no class: {quoted(beside, 3)}."
        )
    return Dataset(
        *(folder.resolve().name or "images", folder, classes, records, UNKNOWN_SOURCE, task),
        patients_known=patients is not None,
        notes=tuple(notes),
        positive_stated=positive is not None,
    )


def refuse_two_classes(dataset: Dataset, again: dict[str, str]) -> None:
    """Refuse links that put an image into another class than the one where it lies.

    Parameters
    ----------
    dataset : Dataset
    again : dict
        Links that `list_files` left out, and what they lead to.

    Raises
    ------
    DatasetError
        Naming both.
    """
    targets = {*again.values()}
    class_of = {
        target: (path, dataset.classes[label] if dataset.classes else subtype)
        for path, label, subtype in dataset.records[["path", "label", "subtype"]].itertuples(
            index=False
        )
        if (target := os.path.realpath(dataset.root / path)) in targets
    }
    names = {label_key(name): name for name in {name for _, name in class_of.values()}}
    names |= {label_key(name): name for name in dataset.classes}
    for link, target in again.items():
        classes = {names.get(label_key(part)) for part in link.split("/")[:-1]} - {None}
        if target in class_of and classes and class_of[target][1] not in classes:
            raise DatasetError(
                f"{quoted([class_of[target][0]])} and {quoted([link])} are the same file, in two "
                "classes. Remove the wrong one."
            )


def _check_names(folder: Path, names: Sequence[str]) -> None:
    different = sorted(set(names))
    if len(different) == 1:
        raise DatasetError(
            f"All images in {folder} lie in one subfolder, {quoted(different)}. Expected one "
            "subfolder per class; if the classes are deeper inside, give the folder that "
            "holds them."
        )


def _bare_magnifications(paths: Sequence[str], depth: int) -> set[int]:
    """Levels of folders whose bare numbers are magnifications: if all of them are usual ones.

    Folds 1 to 5, or patients 10, 20 and 31, are none.
    """
    names: dict[int, set[str]] = {}
    for path in paths:
        for level, name in enumerate(path.split("/")[:-1]):
            names.setdefault(level, set()).add(label_key(name))
    return {
        level
        for level, keys in names.items()
        if level != depth
        and all(key in _PLAIN_MAGNIFICATIONS or MAGNIFICATION.fullmatch(key) for key in keys)
    }


def _magnification(path: str, depth: int, bare: set[int]) -> str:
    """The magnification that one of the folders names, but for that of the class."""
    named = {
        magnification_name(key)
        for level, name in enumerate(path.split("/")[:-1])
        for key in [label_key(name).replace("×", "x")]
        if level != depth and (MAGNIFICATION.fullmatch(key) or level in bare)
    }
    return named.pop() if len(named) == 1 else ""
