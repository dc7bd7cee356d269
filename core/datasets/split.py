"""Divide a dataset into training, validation and test images, by patient unless told otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

from core.datasets.records import Dataset
from core.errors import DatasetError

SplitKind = Literal["patient", "image"]
_FOLDS = 5


@dataclass(frozen=True)
class Split:
    """Rows of a dataset's records in three disjoint parts.

    Attributes
    ----------
    kind : "patient" or "image"
        By patient, no person is in two parts. By image they are: the split leaks.
    train, validation, test : int64 array
        Row numbers into `Dataset.records`, ascending.
    """

    kind: SplitKind
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]

    @property
    def leaky(self) -> bool:
        """Whether images of one patient may be in two parts."""
        return self.kind == "image"

    def parts(self) -> dict[str, NDArray[np.int64]]:
        """The three parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def split_dataset(dataset: Dataset, kind: SplitKind, seed: int) -> Split:
    """Split into about 60 % training, 20 % validation and 20 % test images, stratified by class.

    Raises
    ------
    DatasetError
        If a class has too few patients (or images) to be in all three parts.
    """
    if kind == "image":
        return _split_by_image(dataset, seed)
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy()
    for label, name in enumerate(dataset.classes):
        number = len(set(patients[labels == label]))
        if number < 3:  # noqa: PLR2004  (one for each part)
            raise DatasetError(
                f"Class “{name}” has {number} patient(s); a patient split needs at least 3, one "
                "each for training, validation and test. Add patients of this class."
            )
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed)
    rows = np.arange(len(labels))
    parts = [test for _, test in folds.split(rows, labels, patients)]
    test, validation = _two_with_every_class(parts, labels, len(dataset.classes))
    train = np.setdiff1d(rows, np.concatenate([test, validation]))
    return Split("patient", train, validation, test)


def _two_with_every_class(
    parts: list[NDArray[np.int64]], labels: NDArray[np.int64], classes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The two folds whose scarcest class is best represented, so that both can be judged."""

    def scarcest(part: NDArray[np.int64]) -> float:
        return float((np.bincount(labels[part], minlength=classes) / len(part)).min())

    ranked = sorted(parts, key=scarcest, reverse=True)
    if scarcest(ranked[1]) == 0:
        raise DatasetError(
            "No two groups of patients hold every class, so validation and test cannot both be "
            "judged. Choose another seed or add patients that have the scarce class."
        )
    return ranked[0], ranked[1]


def _split_by_image(dataset: Dataset, seed: int) -> Split:
    labels = dataset.records["label"].to_numpy()
    rows = np.arange(len(labels))
    try:
        rest, test = train_test_split(rows, test_size=0.2, stratify=labels, random_state=seed)
        train, validation = train_test_split(
            rest, test_size=0.25, stratify=labels[rest], random_state=seed
        )
    except ValueError as error:
        raise DatasetError(f"{len(rows)} images are too few to split by image: {error}.") from error
    return Split("image", np.sort(train), np.sort(validation), np.sort(test))


def patients_with_every_class(dataset: Dataset) -> list[str]:
    """Patients on whom a model can be judged: they have images of every class."""
    kinds = dataset.records.groupby("patient")["label"].nunique()
    return sorted(kinds.index[kinds == len(dataset.classes)])


def leave_one_patient_out(
    patients: NDArray[np.object_], held_out: list[str]
) -> Iterator[tuple[str, NDArray[np.int64], NDArray[np.int64]]]:
    """For each patient to hold out: the patient, the rows of all others, the rows of this one."""
    for patient in held_out:
        own = patients == patient
        yield patient, np.flatnonzero(~own), np.flatnonzero(own)
