"""Show a run in the terminal, and let Ctrl-C stop it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.training.watch import Watch


@contextmanager
def shown_progress() -> Iterator["Watch"]:
    """One bar a stage, with the time left, and a line for each finished epoch, on stderr.

    Ctrl-C asks the run to stop at its next step; a second one raises KeyboardInterrupt.
    """
    from rich.console import Console  # noqa: PLC0415 - help comes at once
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        TaskID,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    from core.training.fitting.epoch_line import epoch_line  # noqa: PLC0415
    from core.training.jobs.state import TRAINING  # noqa: PLC0415
    from core.training.watch import Watch  # noqa: PLC0415

    columns = (
        *(TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn()),
        *(TimeRemainingColumn(), TextColumn("{task.fields[values]}", markup=False)),
    )
    console = Console(stderr=True, markup=False, highlight=False)
    with Progress(*columns, console=console) as bars:
        stages: dict[str, TaskID] = {}

        class Shown(Watch):
            stopping = False

            def stage(self, name: str, done: float) -> None:
                if name not in stages:
                    stages[name] = bars.add_task(name, total=1.0, values="")
                bars.update(stages[name], completed=done)

            def step(self, values: dict[str, float]) -> None:
                if TRAINING in stages:
                    bars.update(stages[TRAINING], values=_step_line(values))

            def epoch(self, values: dict[str, float | str]) -> None:
                console.print(epoch_line(values), soft_wrap=True)

            def cancelled(self) -> bool:
                return self.stopping

        shown = Shown()

        def stop(*_: Any) -> None:
            if shown.stopping:
                raise KeyboardInterrupt
            shown.stopping = True
            console.print(
                "Stopping at the next step; the best so far is kept. Ctrl-C again ends at once."
            )

        before = signal.signal(signal.SIGINT, stop)
        try:
            yield shown
        finally:
            signal.signal(signal.SIGINT, before)


def _step_line(values: dict[str, float]) -> str:
    return (
        f"epoch {values['epoch']:.0f}/{values['epochs']:.0f}, loss {values['loss']:.4f}, "
        f"{values['images_per_second']:.0f} images/s"
    )
