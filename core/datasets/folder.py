"""A folder with one subfolder a class, below folders that only divide the images."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.datasets.class_words import positive_of
from core.datasets.classes import class_order
from core.datasets.listing import counted, is_image, quoted
from core.datasets.patient_names import find_patients
from core.datasets.records import (
    UNKNOWN_SOURCE,
    Dataset,
    Record,
    Task,
    table,
    with_magnifications,
)
from core.datasets.scale import with_file_scales
from core.datasets.spelling import label_key, magnification_name, one_spelling
from core.errors import DatasetError

_DIVISION = re.compile(
    r"(?:my |the |original |raw |new )?(?:(?:k ?)?folds?|splits?|parts?|partitions?|batch(?:es)?"
    r"|chunks?|subsets?|sets?|cv|train(?:ing)?|tests?(?:ing)?|val(?:id(?:ation)?)?|dev(?:elopment)?"
    r"|eval(?:uation)?|hold ?out|tuning|internal|external)"
    r"(?: ?(?:data|datasets?|sets?|images?|imgs?|samples?|patches|folds?|splits?|parts?|cohort))*"
    r"(?: ?(?:\d+|[a-e]|i{1,3}|iv|v))?"
)
_MAGNIFICATION = re.compile(r"(?:mag(?:nification)? ?)?(?:x ?\d+(?:\.\d+)?|\d+(?:\.\d+)? ?x)")
_PLAIN_MAGNIFICATIONS = {"2.5", "4", "5", "10", "20", "40", "60", "63", "100", "200", "400"}
_MASKS = re.compile(
    r"(?:.* )?(?:masks?|segmentations?|annotations?|ground ?truths?|gt|overlays?)(?: .*)?"
)
_BINARY = 2


@dataclass(frozen=True)
class Levels:
    """At which depth of the folders the classes are.

    Attributes
    ----------
    depth : int
        Number of levels above that divide the images.
    dividing : tuple of str
        Names of the folders at these levels.
    paths : tuple of str
        Of the images that lie in a folder of a class.
    """

    depth: int
    dividing: tuple[str, ...]
    paths: tuple[str, ...]


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
    patients, found = find_patients(folder, inside, patient_pattern)
    records = table(
        Record(
            *(path, patient, patient, classes.index(name), name if task == "subtype" else ""),
            _magnification(path, levels.depth),
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
        f"A folder with one subfolder a class: {counted(len(records), 'image')} ({shares}).",
        *order,
        found,
        *scales,
    ]
    if levels.depth:
        notes.insert(
            1,
            f"The folders {quoted(levels.dividing)} divide the images and are no classes; what is "
            "in them is put together. Lobule divides by patient itself.",
        )
    chosen = {*inside}
    beside = [path for path in images if path not in chosen]
    if beside:
        notes.append(
            f"{counted(len(beside), 'image')} beside the subfolders left out, being of no class: "
            f"{quoted(beside, 3)}."
        )
    return Dataset(
        *(folder.resolve().name or "images", folder, classes, records, UNKNOWN_SOURCE, task),
        patients_known=patients is not None,
        notes=tuple(notes),
        positive_stated=positive is not None,
    )


def find_levels(folder: Path, paths: Sequence[str], known: Sequence[str] = ()) -> Levels:
    """Find the folders that are classes, below those that divide the images.

    A level divides if all its names say so ("train", "fold 2", "100X"), or if the same two or more
    names recur below several of its folders and are opposites, while its own are not.

    Raises
    ------
    DatasetError
        If some of the names at a level divide and others do not, or nothing is below them.
    """
    split = [path.split("/")[:-1] for path in paths]
    dividing: list[str] = []
    depth = 0
    while True:
        split = [folders for folders in split if len(folders) > depth]
        names = sorted({folders[depth] for folders in split})
        _refuse_masks(folder, names)
        below: dict[str, set[str]] = {name: set() for name in names}
        for folders in split:
            if len(folders) > depth + 1:
                below[folders[depth]].add(folders[depth + 1])
        dividers = [name for name in names if _divides(name)]
        deeper = any(below.values())
        wrapper = depth > 0 and len(names) == 1 and deeper
        if not (
            wrapper or (dividers and len(dividers) == len(names)) or _recurs(names, below, known)
        ):
            if dividers and any(_plainly_divides(name) for name in dividers):
                raise DatasetError(_no_classes(folder, names))
            break
        if not deeper:
            raise DatasetError(_no_classes(folder, names))
        dividing += names
        depth += 1
    inside = tuple(path for path in paths if path.count("/") > depth)
    return Levels(depth, tuple(dict.fromkeys(dividing)), inside)


def _words(name: str) -> str:
    return " ".join(re.sub(r"(?<=[a-zA-Z])(?=\d)|[_.\-]", " ", label_key(name)).split())


def _divides(name: str) -> bool:
    return (
        _plainly_divides(name)
        or _MAGNIFICATION.fullmatch(label_key(name).replace("×", "x")) is not None
    )


def _plainly_divides(name: str) -> bool:
    return _DIVISION.fullmatch(_words(name)) is not None


def _recurs(names: list[str], below: dict[str, set[str]], known: Sequence[str]) -> bool:
    """Whether names that are no opposites have the same opposites below them."""
    kinds = sorted({*one_spelling([name for inside in below.values() for name in inside]).values()})
    if len(names) < _BINARY or len(kinds) != _BINARY:
        return False
    model = {label_key(name) for name in known}
    if len(names) == _BINARY and {*map(label_key, names)} == model:
        return False
    # Bare numbers are classes, unless what is below them is told apart by words.
    numbers = all(label_key(name).isdecimal() for name in names) and not _by_words(*kinds)
    if len(names) == _BINARY and (
        _by_words(*names) or (numbers and positive_of(*names) is not None)
    ):
        return False
    whole = sum(len({label_key(name) for name in inside}) == _BINARY for inside in below.values())
    settled = positive_of(*kinds) is not None or {*map(label_key, kinds)} == model
    return settled and whole >= _BINARY and all(below.values())


def _by_words(one: str, other: str) -> bool:
    """Whether two names are opposites by their words, and not as "slide0" and "slide1" are."""
    bare = [re.sub(r"\d+", "", label_key(name)).strip(" _-.") for name in (one, other)]
    return positive_of(one, other) is not None and bare[0] != bare[1]


def _magnification(path: str, depth: int) -> str:
    """The magnification that one of the folders names, but for that of the class."""
    folders = path.split("/")[:-1]
    del folders[depth]
    named = {_magnification_of(name) for name in folders} - {""}
    return named.pop() if len(named) == 1 else ""


def _magnification_of(name: str) -> str:
    key = label_key(name).replace("×", "x")
    if key in _PLAIN_MAGNIFICATIONS or _MAGNIFICATION.fullmatch(key):
        return magnification_name(re.sub(r"^mag(?:nification)? ?", "", key))
    return ""


def _check_names(folder: Path, names: Sequence[str]) -> None:
    different = sorted(set(names))
    if len(different) == 1:
        raise DatasetError(
            f"All images in {folder} lie in one subfolder, {quoted(different)}. Expected one "
            "subfolder a class; if the classes are further inside, give the folder that holds them."
        )


def _refuse_masks(folder: Path, names: Sequence[str]) -> None:
    masks = [name for name in names if _MASKS.fullmatch(_words(name))]
    if masks:
        raise DatasetError(
            f"Of the subfolders of {folder}, {quoted(masks)} hold masks or the like by their name, "
            "and are no class of images. Move them elsewhere, and put the images into one "
            "subfolder a class."
        )


def _no_classes(folder: Path, names: list[str]) -> str:
    return (
        f"The subfolders of {folder} are {quoted(names)}, which divide the images and are no "
        "classes. Lobule divides by patient itself: put the images into one subfolder a class."
    )
