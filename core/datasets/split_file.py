"""Keep a split in a JSON file that is of use with the very dataset it was made on, and no other.

By patient, the file lists the patients of each part; by image, the paths. Either names every row:
the fingerprint vouches that path, patient, class and content of all records are the same.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from core.atomic import write_whole
from core.datasets.records import Dataset
from core.datasets.split import Fractions, Split, SplitKind
from core.errors import DatasetError

PartName = Literal["train", "validation", "test"]


class _SplitFile(BaseModel):
    """The file's content; `members` are patients or paths, as `members_are` says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    kind: SplitKind
    leaky: bool
    seed: int
    fractions: Fractions
    dataset: str
    fingerprint: str
    classes: tuple[str, ...]
    images: dict[PartName, int]
    members_are: Literal["patients", "paths"]
    members: dict[PartName, list[str]]


def save_split(split: Split, dataset: Dataset, path: Path) -> None:
    """Write the split as JSON, aside first, so that the file appears whole or not at all.

    Raises
    ------
    DatasetError
        If the split is not one of this dataset, or the file cannot be written.
    """
    names = _member_of_row(dataset, split.kind)
    members = {part: sorted(set(names[rows])) for part, rows in split.parts().items()}
    content = _SplitFile(
        kind=split.kind,
        leaky=split.leaky,
        seed=split.seed,
        fractions=split.fractions,
        dataset=dataset.name,
        fingerprint=dataset.fingerprint,
        classes=dataset.classes,
        images={part: len(rows) for part, rows in split.parts().items()},
        members_are="patients" if split.kind == "patient" else "paths",
        members=members,
    )
    _rows(content, dataset, path)
    text = json.dumps(content.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"
    try:
        write_whole(path, text)
    except OSError as error:
        raise DatasetError(
            f"The split could not be saved as {path} ({error.strerror}). Choose a folder that can "
            "be written to and has space left."
        ) from error


def load_split(path: Path, dataset: Dataset) -> Split:
    """Read a saved split of this dataset.

    Raises
    ------
    DatasetError
        If the file cannot be read, was damaged or edited, or was made on another dataset.
    """
    try:
        content = _SplitFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DatasetError(
            f"The split {path} cannot be read ({error.strerror}). Check its name."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "the file"
        raise DatasetError(
            f"{path} is not a saved split: {where}: {first['msg']}. Make the split anew."
        ) from error
    if content.fingerprint != dataset.fingerprint:
        raise DatasetError(
            f"The split {path} was made on {content.dataset} with {sum(content.images.values()):,} "
            f"images of {_listed(content.classes)} (fingerprint {content.fingerprint[:12]}), but "
            f"{dataset.root} holds {dataset.name} with {len(dataset.records):,} images of "
            f"{_listed(dataset.classes)} (fingerprint {dataset.fingerprint[:12]}): files, classes "
            "or patients differ. Open the dataset that it was made on, or make a new split."
        )
    rows = _rows(content, dataset, path)
    return Split(content.kind, content.seed, *rows, content.fractions)


def _rows(
    content: _SplitFile, dataset: Dataset, path: Path
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows of the training, validation and test members; every row must be in one part."""
    names = _member_of_row(dataset, content.kind)
    listed = Counter(name for part in content.members.values() for name in part)
    twice = [name for name, times in listed.items() if times > 1]
    lost = sorted(set(names) ^ listed.keys())
    part = pd.Series(names).map(
        {name: part for part, members in content.members.items() for name in members}
    )
    train, validation, test = (
        np.flatnonzero(part == name) for name in ("train", "validation", "test")
    )
    numbers = {"train": len(train), "validation": len(validation), "test": len(test)}
    if twice or lost or numbers != content.images:
        wrong = (
            f"{twice[0]} is in two parts"
            if twice
            else f"{lost[0]} is in the dataset or in the split, but not in both"
            if lost
            else f"its parts have {_listed(numbers.values())} images and not "
            f"{_listed(content.images.values())}"
        )
        raise DatasetError(
            f"The split {path} does not put every image of {dataset.name} into one part: {wrong}. "
            "Make the split anew."
        )
    return train, validation, test


def _member_of_row(dataset: Dataset, kind: SplitKind) -> NDArray[np.object_]:
    return dataset.records["patient" if kind == "patient" else "path"].to_numpy(dtype=object)


def _listed(words: Iterable[object]) -> str:
    return ", ".join(str(word) for word in words)
