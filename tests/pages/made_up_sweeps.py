"""Sweeps as they leave their folders behind, without any training."""

import os
from pathlib import Path
from typing import Any

from core.training.sweep.jobs.events import SweepEvents
from core.training.sweep.jobs.folder import SweepFolder, create_sweep, find_sweep
from core.training.sweep.result import CandidateResult, SweepResult, Value
from core.training.sweep.sweep_file import Sweep, Variation


def result(*, best: str = "wide", failed: dict[str, str] | None = None) -> SweepResult:
    """Two candidates under two seeds; the second one's held-out figure is the highest."""
    return SweepResult(
        dataset="IDC",
        images=1_234,
        patients=56,
        seeds=(0, 1),
        classes=("no IDC", "IDC"),
        candidates=(
            CandidateResult(
                name="narrow",
                source="cnn3",
                changes=("train.epochs=3",),
                validation_auroc=0.912,
                auroc=0.871,
                balanced_accuracy=0.8125,
                behind=None,
                folds_chosen=7,
                minutes=61.5,
            ),
            CandidateResult(
                name=best,
                source="cnn3",
                changes=(),
                validation_auroc=0.901,
                auroc=0.883,
                balanced_accuracy=0.75,
                behind=Value(value=-0.012, interval=(-0.031, 0.007)),
                folds_chosen=3,
                minutes=2,
            ),
        ),
        nested_auroc=Value(value=0.866, interval=(0.801, 0.913)),
        nested_balanced_accuracy=Value(value=0.79, interval=(0.711, 0.852)),
        best=best,
        best_auroc=0.883,
        optimism=Value(value=0.017, interval=(-0.002, 0.036)),
        colour_auroc=0.791,
        beyond_colour=Value(value=0.075, interval=(0.011, 0.139)),
        failed=failed or {},
    )


class MadeUpSweeps:
    """Writes sweeps into the LOBULE_HOME in use; `locks` are held by those that pretend to live."""

    def __init__(self) -> None:
        self.locks: dict[str, int] = {}

    def add(self, name: str = "mine", data: Path = Path("/data/made up")) -> str:
        """Write one that waits; returns its id."""
        variation = Variation(recipe="cnn3", vary={"train": {"epochs": [3, 5]}})
        sweep = Sweep(name=name, data=data, seeds=(0, 1), recipes=(variation,))
        folder, lock = create_sweep(sweep)
        self.locks[folder.id] = lock
        return folder.id

    def running(self, tasks: int = 21, known: int = 0, **of: Any) -> str:
        """Write one that has begun on a cluster."""
        sweep = self.add(**of)
        self.write(sweep, "started", on="the Ray cluster <i>auto</i>")
        self.write(sweep, "planned", tasks=tasks, known=known)
        return sweep

    def write(self, sweep: str, event: str, **values: Any) -> None:
        """Append an event."""
        SweepEvents(find_sweep(sweep).events).write(event, **values)

    def piece(self, sweep: str, key: str, event: str, **values: Any) -> None:
        """Append what happened to a piece of work, here on the machine `one`."""
        at = {"where": "one, 2 cores"} if event in {"began", "lost"} else {}
        self.write(sweep, event, key=key, **({"name": f"piece {key}"} | at | values))

    def doing(self, sweep: str, key: str, done: float) -> None:
        """Append how far a piece of work is."""
        self.write(sweep, "doing", key=key, done=done)

    def end(self, sweep: str, state: str, *, message: str | None = None) -> SweepFolder:
        """Let it end; its process is gone then."""
        folder = find_sweep(sweep)
        if state == "finished":
            folder.result.write_text(result().model_dump_json())
        SweepEvents(folder.events).write_end(state, message=message)
        self.let_go(sweep)
        return folder

    def let_go(self, sweep: str) -> None:
        """Let its process die."""
        os.close(self.locks.pop(sweep))

    def clear(self) -> None:
        """Let all of them die."""
        for sweep in list(self.locks):
            self.let_go(sweep)
