"""A made-up dataset of twenty patients, sweeps on it, and candidates whose answers are known."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from core.datasets.records import Dataset
from core.evaluation.cross_validate import HeldOut, fit_decision
from core.training.judging.folds import split_of_fold
from core.training.request.recipe import load_recipe
from core.training.sweep.answers import FoldAnswer
from core.training.sweep.judge import TriedCandidate
from core.training.sweep.sweep_file import Sweep, SweepCandidate
from tests.core.training.judging.made_up import dataset

FOLDS = 5


def write_twenty(folder: Path) -> Path:
    """Twenty patients with three patches of each class in the layout of IDC; positives darker."""
    random = np.random.default_rng(0)
    for patient in range(1, 21):
        for label in (0, 1):
            target = folder / str(patient) / str(label)
            target.mkdir(parents=True)
            for number in range(3):
                pixels = 150 - 40 * label + random.normal(0, 35, (50, 50, 3))
                name = f"{patient}_idx5_x{1 + 50 * number}_y{101 + 50 * label}_class{label}.png"
                cv2.imwrite(str(target / name), np.clip(pixels, 0, 255).astype(np.uint8))
    return folder


def sweep(data: Path, *recipes: dict[str, Any], **settings: Any) -> Sweep:
    return Sweep.model_validate({"name": "tried", "data": data, "recipes": recipes} | settings)


SMALL = {
    "recipe": "cnn3",
    "set": {"train": {"epochs": 1, "batch_size": 16}, "input_size": 32},
}


def patients(people: int = 40, images: int = 6) -> Dataset:
    """Half of each patient's images are positive, in no order."""
    ids = np.repeat([f"p{number:03}" for number in range(people)], images).astype(object)
    halves = np.tile([0, 1], (people, images // 2))
    return dataset(np.random.default_rng(5).permuted(halves, axis=1).ravel(), ids)


def candidate(name: str) -> SweepCandidate:
    return SweepCandidate(name=name, recipe=load_recipe("cnn3"), changes=(), source="cnn3")


def tried(
    name: str, data: Dataset, deals: np.ndarray, strength: float, seed: int, shift: float = 0.0
) -> TriedCandidate:
    """A candidate that sees `strength` of the class beside noise, on whomever it answers.

    `shift` is added to the strength on held-out images alone, as if it knew them.
    """
    random = np.random.default_rng(seed)
    labels = data.records["label"].to_numpy()
    people = data.records["patient"].to_numpy(dtype=object)
    answers = []
    for folds in deals:
        of_folds = []
        for fold in range(FOLDS):
            split = split_of_fold(folds, fold, 0)

            def logits(rows: np.ndarray, strength: float) -> np.ndarray:
                seen = strength * (2 * labels[rows] - 1) + random.normal(0, 1, len(rows))
                return np.stack([-seen, seen], axis=1) / 2

            chosen_on = logits(split.validation, strength)
            decision = fit_decision(chosen_on, labels[split.validation], people[split.validation])
            tested = logits(split.test, strength + shift)
            of_folds.append(FoldAnswer(fold, chosen_on, tested, decision))
        answers.append(of_folds)
    return TriedCandidate(candidate(name), answers, 60.0)


def colour(data: Dataset, deals: np.ndarray) -> HeldOut:
    """One that knows nothing."""
    labels = data.records["label"].to_numpy()
    people = data.records["patient"].to_numpy(dtype=object)
    random = np.random.default_rng(99)
    logits = random.normal(0, 1, (len(deals), 1, len(labels), 2))
    decisions = tuple(
        tuple(fit_decision(logits[round_, 0], labels, people) for _ in range(FOLDS))
        for round_ in range(len(deals))
    )
    return HeldOut(deals, logits, decisions)
