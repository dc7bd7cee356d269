"""How much of a test part training has seen, and what a split by image costs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from core.datasets.records import Dataset
from core.datasets.split import Split

FILE = Path(__file__).with_name("leak_figure.json")


@dataclass(frozen=True)
class LeakReport:
    """How many test images are no test, because training holds their like.

    Attributes
    ----------
    test_images : int
    patient_in_training : int or None
        Test images whose patient has images in training; None where patients are not known.
    near_duplicate_in_training : int or None
        Test images of which training holds a near duplicate; None where none were looked for.
    leaked : int
        Test images to which at least one of the two applies.
    """

    test_images: int
    patient_in_training: int | None
    near_duplicate_in_training: int | None
    leaked: int

    @property
    def share(self) -> float:
        """Share of the test images that leak, in [0, 1]; 0 where there are none."""
        return self.leaked / self.test_images if self.test_images else 0.0

    @property
    def sentence(self) -> str:
        """What was found, and what was not looked for, in words."""
        how_many = "All" if self.leaked == self.test_images else f"{self.leaked:,} of the"
        parts = [
            f"{how_many} {self.test_images:,} test images ({self.share:.1%}) were seen in "
            f"training, {self._by()}: their figures say little about new patients."
            if self.leaked
            else f"No leak found among the {self.test_images:,} test images."
        ]
        if self.patient_in_training is None:
            parts.append("Patients are unknown, so a leak by patient cannot be ruled out.")
        if self.near_duplicate_in_training is None:
            parts.append("Near duplicates were not searched for.")
        return " ".join(parts)

    def _by(self) -> str:
        """'120 by patient and 3 by near duplicate', of what was looked at."""
        numbers = {
            "by patient": self.patient_in_training,
            "by near duplicate": self.near_duplicate_in_training,
        }
        return " and ".join(f"{n:,} {how}" for how, n in numbers.items() if n is not None)


def leak_meter(
    split: Split, dataset: Dataset, near_duplicates: Iterable[Sequence[int]] | None = None
) -> LeakReport:
    """Count the test images whose patient, or whose near duplicate, is in training.

    Parameters
    ----------
    split : Split
    dataset : Dataset
        The one that was split.
    near_duplicates : iterable of sequences of int, optional
        Groups of rows of the records that show nearly the same; groups may overlap.
    """
    rows = len(dataset.records)
    train, test = np.zeros(rows, dtype=bool), np.zeros(rows, dtype=bool)
    train[split.train], test[split.test] = True, True
    leaked = np.zeros(rows, dtype=bool)
    by_patient = by_duplicate = None
    if dataset.patients_known:
        patients = dataset.records["patient"]
        seen = test & patients.isin(patients[train].unique()).to_numpy()
        by_patient, leaked = int(seen.sum()), leaked | seen
    if near_duplicates is not None:
        seen = np.zeros(rows, dtype=bool)
        for group in near_duplicates:
            alike = np.asarray(group, dtype=np.int64)
            if train[alike].any():
                seen[alike] = True
        seen &= test
        by_duplicate, leaked = int(seen.sum()), leaked | seen
    return LeakReport(int(test.sum()), by_patient, by_duplicate, int(leaked.sum()))


class LeakRow(BaseModel):
    """One model under one split.

    Attributes
    ----------
    model : str
    split : "image" or "patient"
    auroc : float
        Mean over the folds and the seeds, in [0, 1].
    interval : tuple of float
        95 %, by bootstrap over patients.
    by_seed : tuple of float
    seen : float
        Share of the tested images whose patient is in training, in [0, 1].
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    split: Literal["image", "patient"]
    auroc: float
    interval: tuple[float, float]
    by_seed: tuple[float, ...]
    seen: float


class LeakFigure(BaseModel):
    """Rows of the figure, and on what they were measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    images: int
    patients: int
    folds: int
    seeds: int
    rows: tuple[LeakRow, ...]


def leak_figure() -> LeakFigure:
    """Read what `benchmarks/leak.py` measured: the price of a split by image."""
    return LeakFigure.model_validate_json(FILE.read_text(encoding="utf-8"))
