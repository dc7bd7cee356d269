"""Answers that are kept, so that a sweep that was cut off computes none of them again."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.atomic import whole_file
from core.errors import TrainingError
from core.evaluation.cross_validate import Decision
from core.training.judging.kept import UNREADABLE_ARRAYS
from core.training.sweep.answers import FoldAnswer


class KeptAnswer(NamedTuple):
    """The answers of some folds, and how long they took."""

    folds: list[FoldAnswer]
    seconds: float


def keep_answer(stem: Path, digest: str, folds: list[FoldAnswer], seconds: float) -> None:
    """Write answers whole or not at all.

    Raises
    ------
    TrainingError
        If they cannot be written.
    """
    values: dict[str, object] = {"digest": np.str_(digest), "seconds": seconds}
    values["folds"] = np.array([answer.fold for answer in folds])
    for answer in folds:
        thresholds = answer.decision.thresholds
        values |= {
            f"chosen_on_{answer.fold}": answer.chosen_on,
            f"tested_{answer.fold}": answer.tested,
            f"temperature_{answer.fold}": answer.decision.temperature,
            f"thresholds_{answer.fold}": np.array([] if thresholds is None else thresholds),
        }
    try:
        stem.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(stem.with_name(f"{stem.name}.npz")) as file:
            np.savez(file, **values)  # type: ignore[arg-type]
    except OSError as error:
        raise TrainingError(
            f"An answer cannot be written to {stem.parent} ({error.strerror}). Free some "
            "space, and resume."
        ) from error


def known_answer(stem: Path, digest: str) -> KeptAnswer | None:
    """Answers that were kept of the very same; None where there are none."""
    path = stem.with_name(f"{stem.name}.npz")
    if not path.exists():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            if str(saved["digest"]) != digest:
                return None
            folds = [
                FoldAnswer(
                    int(fold),
                    saved[f"chosen_on_{fold}"],
                    saved[f"tested_{fold}"],
                    Decision(
                        float(saved[f"temperature_{fold}"]),
                        tuple(saved[f"thresholds_{fold}"].tolist()) or None,
                    ),
                )
                for fold in saved["folds"]
            ]
            return KeptAnswer(folds, float(saved["seconds"]))
    except UNREADABLE_ARRAYS:
        return None
