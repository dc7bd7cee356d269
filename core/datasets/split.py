"""Divide a dataset into training, validation and test images, by patient unless told otherwise."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.grouping import group_into_parts
from core.datasets.records import Dataset
from core.errors import DatasetError
from core.fields import PartName

SplitKind = Literal["patient", "image"]
Fractions = tuple[float, float, float]

FRACTIONS: Fractions = (0.6, 0.2, 0.2)
_FEWEST_FOLDS = 3


@dataclass(frozen=True)
class Split:
    """Rows of a dataset's records in three disjoint parts.

    Attributes
    ----------
    kind : "patient" or "image"
        By patient, no person is in two parts. By image they are: the split leaks.
    seed : int
    train, validation, test : int64 array
        Row numbers into `Dataset.records`, ascending.
    fractions : tuple of float
        What was wished for: share of every class for training, validation and test.
    """

    kind: SplitKind
    seed: int
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    fractions: Fractions = FRACTIONS

    @property
    def leaky(self) -> bool:
        """Whether images of one patient may be in two parts."""
        return self.kind == "image"

    def each_repeated(self, times: int) -> "Split":
        """The same split of a table in which every row stands so many times, one after another."""
        train, validation, test = (
            (rows[:, None] * times + np.arange(times)).ravel() for rows in self.parts().values()
        )
        return replace(self, train=train, validation=validation, test=test)

    def parts(self) -> dict[PartName, NDArray[np.int64]]:
        """The three parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def split_dataset(
    dataset: Dataset, kind: SplitKind, seed: int, fractions: Fractions = FRACTIONS
) -> Split:
    """Split into training, validation and test images, every class in the wished fractions.

    By patient, the fractions are approached by the search of `core.datasets.grouping`; every part
    holds every class; and test, validation and training, in this order, each hold a patient with
    images of every class where there are enough. With few patients there may be one best grouping
    that every seed finds: `k_fold` judges on all of them.

    Parameters
    ----------
    dataset : Dataset
    kind : "patient" or "image"
        By image leaks: only to reproduce published figures.
    seed : int
        The same seed gives the same split of the same dataset.
    fractions : tuple of float
        For training, validation and test; above 0, adding up to 1.

    Raises
    ------
    DatasetError
        If a class has too few patients (or images) to be in all three parts, if patients are not
        known, or if the fractions are none.

    Examples
    --------
    >>> from core.datasets.open import open_dataset
    >>> dataset = open_dataset(folder)
    >>> split = split_dataset(dataset, "patient", seed=0)
    >>> {part: len(rows) for part, rows in split.parts().items()}
    {'train': 80, 'validation': 30, 'test': 30}
    >>> patients = dataset.records["patient"]
    >>> set(patients[split.train]) & set(patients[split.test])
    set()
    >>> split_dataset(dataset, "image", seed=0).leaky
    True
    """
    if min(fractions) <= 0 or not np.isclose(sum(fractions), 1):
        shares = ", ".join(f"{fraction:g}" for fraction in fractions)
        raise DatasetError(
            f"Training, validation and test cannot have the fractions {shares}: each must be above "
            "0, and together they must be 1, for instance 0.6, 0.2, 0.2."
        )
    train, validation, test = fractions
    # Patients who can be judged on go to the first parts when there are few of them.
    part = _deal(
        dataset, kind, seed, np.array([test, validation, train]), "training, validation and test"
    )
    rows = [np.flatnonzero(part == number) for number in range(3)]
    return Split(kind, seed, rows[2], rows[1], rows[0], (train, validation, test))


def k_fold(dataset: Dataset, folds: int, seed: int, kind: SplitKind = "patient") -> list[Split]:
    """Divide into folds and make each the test part once, the next one being validation.

    Every image is tested once and chosen on once; the other folds train.

    Raises
    ------
    DatasetError
        If folds are fewer than 3, and as for `split_dataset`.
    """
    if folds < _FEWEST_FOLDS:
        raise DatasetError(
            f"{folds} fold(s) were requested; at least {_FEWEST_FOLDS} are needed: one to "
            "test, one to choose on, the rest to train on."
        )
    fold = _deal(dataset, kind, seed, np.full(folds, 1 / folds), f"{folds} folds")
    fractions = (1 - 2 / folds, 1 / folds, 1 / folds)
    splits = []
    for test in range(folds):
        validation = (test + 1) % folds
        train = np.flatnonzero((fold != test) & (fold != validation))
        rows = np.flatnonzero(fold == validation), np.flatnonzero(fold == test)
        splits.append(Split(kind, seed, train, *rows, fractions))
    return splits


def patients_with_every_class(dataset: Dataset) -> list[str]:
    """Patients on whom a model can be judged: they have images of every class."""
    kinds = dataset.records.groupby("patient")["label"].nunique()
    return sorted(kinds.index[kinds == len(dataset.classes)])


def _deal(
    dataset: Dataset, kind: SplitKind, seed: int, shares: NDArray[np.float64], who: str
) -> NDArray[np.int64]:
    """The part of every row, by patient or by image; `who` names the parts in errors."""
    labels = dataset.records["label"].to_numpy()
    if kind == "image":
        images = np.bincount(labels, minlength=len(dataset.classes))
        _refuse_scarce(dataset, images, len(shares), "image", who)
        return deal_images(labels, shares, seed)
    if not dataset.patients_known:
        raise DatasetError(
            f"The patients of {dataset.name} are unknown, so any split may leak. Name the "
            "patients, or split by image (--split image); its results are marked leaky."
        )
    codes, patients = pd.factorize(dataset.records["patient"], sort=True)
    counts = np.zeros((len(patients), len(dataset.classes)), dtype=np.int64)
    np.add.at(counts, (codes, labels), 1)
    _refuse_scarce(dataset, (counts > 0).sum(axis=0), len(shares), "patient", who)
    part = group_into_parts(counts, shares, seed)
    if part is None:
        numbers = _numbers(dataset, (counts > 0).sum(axis=0), "patient")
        raise DatasetError(
            f"No grouping of the {len(patients)} patients gives {who} every class: {numbers}, "
            "but some have several classes and cannot be in two parts. Add patients, or "
            "leave a class out."
        )
    return part[codes]


def _refuse_scarce(
    dataset: Dataset, numbers: NDArray[np.int64], needed: int, noun: str, who: str
) -> None:
    """Raise if a class has fewer patients (or images) than there are parts that need one."""
    if numbers.min() >= needed:
        return
    scarce = _numbers(dataset, np.where(numbers < needed, numbers, -1), noun)
    remedy = (
        "Add patients, join or leave out such classes, or split by image (--split image), which "
        "leaks and is marked so."
        if noun == "patient"
        else "Add images, or leave such classes out."
    )
    raise DatasetError(f"{scarce}; {who} need one of every class, so at least {needed}. {remedy}")


def _numbers(dataset: Dataset, numbers: NDArray[np.int64], noun: str) -> str:
    """'“lobular carcinoma” has 2 patients, …' for every class whose number is not negative."""
    return ", ".join(
        f"“{name}” has {number} {noun}{'' if number == 1 else 's'}"
        for name, number in zip(dataset.classes, numbers.tolist(), strict=True)
        if number >= 0
    )


def deal_images(
    labels: NDArray[np.int64], shares: NDArray[np.float64], seed: int
) -> NDArray[np.int64]:
    """The part of every image, each class in the wished shares to within an image.

    Parameters
    ----------
    labels : int64 array (images,)
        Every class has at least as many images as there are parts.
    shares : float64 array (parts,)
        Wished share of every class in each part, adding up to 1.
    seed : int
        The same seed deals alike.
    """
    random = np.random.default_rng(seed)
    parts = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        rows = random.permutation(np.flatnonzero(labels == label))
        parts[rows] = np.repeat(np.arange(len(shares)), _sizes(len(rows), shares))
    return parts


def _sizes(images: int, shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole numbers near `shares * images`, at least 1 each, that add up to `images`."""
    wished = shares * images
    sizes = np.maximum(np.floor(wished + 1e-9).astype(np.int64), 1)
    while sizes.sum() != images:
        step = np.sign(images - sizes.sum())
        # Where a part has one image and may not lose it, another gives.
        lacking = np.where(sizes + step >= 1, step * (wished - sizes), -np.inf)
        sizes[np.argmax(lacking)] += step
    return sizes
