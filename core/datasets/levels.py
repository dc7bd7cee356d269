"""Folders at which depth are classes, and which above them only divide the images."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.datasets.class_words import names_disease, positive_of
from core.datasets.listing import quoted
from core.datasets.spelling import MAGNIFYING, label_key, one_spelling
from core.errors import DatasetError

_DIVISION = re.compile(
    r"(?:my |the |original |raw |new )?(?:(?:k ?)?folds?|splits?|parts?|partitions?|batch(?:es)?"
    r"|chunks?|subsets?|sets?|cv|train(?:ing)?|tests?(?:ing)?|val(?:id(?:ation)?)?|dev(?:elopment)?"
    r"|eval(?:uation)?|hold ?out|tuning|internal|external)"
    r"(?: ?(?:data|datasets?|sets?|images?|imgs?|samples?|patches|folds?|splits?|parts?|cohort))*"
    r"(?: ?(?:\d+|[a-e]|i{1,3}|iv|v))?"
)
MAGNIFICATION = re.compile(
    rf"(?:{MAGNIFYING}[ _.-]?)?(?:x ?\d+(?:\.\d+)?|\d+(?:\.\d+)? ?x)(?:[ _-]?{MAGNIFYING})?"
    rf"|{MAGNIFYING}[ _.-]?\d+(?:\.\d+)?|\d+(?:\.\d+)?[ _-]?{MAGNIFYING}"
)
_MASKS = re.compile(
    r"(?:.* )?(?:masks?|seg(?:mentation)?s?|annot(?:ation)?s?|annotated|ground ?truths?|gt"
    r"|overlays?)(?: .*)?"
)
_BINARY = 2


# "slide 0" and "slide 1" are no classes, "class 0" and "class 1" are.
_NUMBERED_CLASSES = {"", "class", "cls", "c", "label", "target", "y", "category"}


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
        or MAGNIFICATION.fullmatch(label_key(name).replace("×", "x")) is not None
    )


def _plainly_divides(name: str) -> bool:
    return _DIVISION.fullmatch(_words(name)) is not None


def _recurs(names: list[str], below: dict[str, set[str]], known: Sequence[str]) -> bool:
    """Whether names that are no opposites have the same opposites below them."""
    kinds = sorted({*one_spelling([name for inside in below.values() for name in inside]).values()})
    if len(names) < _BINARY or len(kinds) != _BINARY:
        return False
    if _are_numbered(names):
        return positive_of(*kinds) is not None and all(below.values())
    model = {label_key(name) for name in known}
    if len(names) == _BINARY and {*map(label_key, names)} == model:
        return False
    # Bare numbers are classes, unless what is below them is told apart by words.
    numbers = all(label_key(name).isdecimal() for name in names) and not _by_words(*kinds)
    if len(names) == _BINARY and (
        (
            _by_words(*names)
            and not (any(map(names_disease, kinds)) and not any(map(names_disease, names)))
        )
        or (numbers and positive_of(*names) is not None)
    ):
        return False
    whole = sum(len({label_key(name) for name in inside}) == _BINARY for inside in below.values())
    settled = positive_of(*kinds) is not None or {*map(label_key, kinds)} == model
    return settled and whole >= _BINARY and all(below.values())


def _are_numbered(names: Sequence[str]) -> bool:
    """Whether names are one word and numbers, and no classes for that: "slide0", "slide1"."""
    bare = {re.sub(r"\d+", "", label_key(name)).strip(" _-.") for name in names}
    return len(bare) == 1 and not bare & _NUMBERED_CLASSES


def _by_words(first: str, second: str) -> bool:
    """Whether two names are opposites by their words, and not as "slide0" and "slide1" are."""
    bare = [re.sub(r"\d+", "", label_key(name)).strip(" _-.") for name in (first, second)]
    return positive_of(first, second) is not None and bare[0] != bare[1]


def _refuse_masks(folder: Path, names: Sequence[str]) -> None:
    masks = [name for name in names if _MASKS.fullmatch(_words(name))]
    if masks:
        raise DatasetError(
            f"Of the subfolders of {folder}, {quoted(masks)} hold masks or the like, by their "
            "names, and are not classes. Move them elsewhere, and put the images into one "
            "subfolder per class."
        )


def _no_classes(folder: Path, names: list[str]) -> str:
    return (
        f"The subfolders of {folder} are {quoted(names)}, which divide the images and are not "
        "classes. Lobule splits by patient itself: put the images into one subfolder per "
        "class."
    )
