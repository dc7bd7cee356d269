"""A made-up dataset and held-out logits on it, for tests of what a card says."""

from pathlib import Path

import numpy as np

from core.datasets.records import UNKNOWN_SOURCE, Dataset, Record, table
from core.evaluation.cross_validate import Decision, HeldOut

CLASSES = ("benign", "malignant")


def dataset(
    labels: np.ndarray, patients: np.ndarray, classes: tuple[str, ...] = CLASSES
) -> Dataset:
    """One record an image; the files are nowhere."""
    rows = [
        Record(f"{number:03}.png", patient, patient, int(label))
        for number, (patient, label) in enumerate(zip(patients, labels, strict=True))
    ]
    return Dataset("made up", Path("nowhere"), classes, table(rows), UNKNOWN_SOURCE)


def held_out(
    labels: np.ndarray, folds: np.ndarray, signal: float, seed: int = 0, views: int = 2
) -> HeldOut:
    """Logits that tell classes apart by `signal`, with more noise in each further view."""
    classes = int(labels.max()) + 1
    random = np.random.default_rng(seed)
    noise = random.normal(0, 1, (len(folds), views, len(labels), classes))
    noise *= (1 + np.arange(views))[:, None, None]
    logits = signal * np.eye(classes)[labels] + noise
    logits[np.repeat((folds < 0)[:, None], views, axis=1)] = np.nan
    thresholds = (0.5, 0.3, 0.6) if classes == len(CLASSES) else None
    decision = Decision(1.5, thresholds)
    return HeldOut(folds, logits, ((decision,) * (int(folds.max()) + 1),) * len(folds))
