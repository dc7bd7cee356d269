"""What `train` prints: what would happen, how far it is, and how the model did."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from core.cli.output import plain
from core.durations import duration
from core.evaluation.estimand import ESTIMANDS
from core.evaluation.few_patients import MARK, warning
from core.training.watch import Watch, epoch_line

if TYPE_CHECKING:
    from core.registry.card_results import CardEvaluation
    from core.training.planning.plan import Plan
    from core.training.request.request import Request


def print_plan(request: "Request") -> None:
    """Print what a run would do; the exit code is 1 if it cannot work."""
    from core.training.planning.plan import plan

    planned = plan(request)
    for line in _lines(planned):
        typer.echo(plain(line))
    for refusal in planned.refusals:
        typer.echo(f"It cannot run: {plain(refusal)}", err=True)
    if planned.refusals:
        raise typer.Exit(1)


def _lines(plan: "Plan") -> Iterator[str]:
    for name, part in plan.parts.items():
        classes = ", ".join(f"{label} {count:,}" for label, count in part.classes.items())
        yield f"{name + ':':<12}{part.images:,} images of {part.patients:,} patients; {classes}"
    if plan.crops > 1:
        yield f"{'Squares:':<12}{plan.crops} per image"
    if plan.device:
        yield f"{'Device:':<12}{plan.device}"
    if plan.seconds is not None and plan.seconds_an_epoch is not None:
        times = "per pass"
        if plan.epochs:
            times = f"{plan.epochs} epoch{'' if plan.epochs == 1 else 's'} of"
        yield (
            f"{'Time:':<12}at most {duration(plan.seconds)}: {times} "
            f"{duration(plan.seconds_an_epoch)}"
            + (f", also for each of {plan.folds} folds" if plan.folds else "")
            + ", plus reading the images and judging"
        )
    if plan.disk_free:
        yield (
            f"{'Disk:':<12}{plan.disk_needed / 1e6:,.0f} MB needed, "
            f"{plan.disk_free / 1e6:,.0f} MB free"
        )
    for note in plan.notes:
        yield f"{'Note:':<12}{note}"


@contextmanager
def shown_progress() -> Iterator["Watch"]:
    """One bar a stage, with the time left, and a line for each finished epoch, on stderr.

    Ctrl-C asks the run to stop at its next step; a second one raises KeyboardInterrupt.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskID,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    from core.training.jobs.state import TRAINING

    columns = (
        *(TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn()),
        *(TimeRemainingColumn(), TextColumn("{task.fields[values]}", markup=False)),
    )
    console = Console(stderr=True, markup=False, highlight=False)
    with Progress(*columns, console=console) as bars:
        stages: dict[str, TaskID] = {}

        class ShownWatch(Watch):
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

        shown = ShownWatch()

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


def report(evaluation: "CardEvaluation") -> str:
    """How the model was judged and how it did, a line a patient."""
    from core.registry.card_words import next_patient

    def figure(value: float | None, interval: tuple[float, float] | None = None) -> str:
        text = "–" if value is None else f"{value:.3f}"
        return f"{text} ({interval[0]:.3f}–{interval[1]:.3f})" if interval else text

    within = evaluation.auroc_within_patients, evaluation.auroc_within_patients_interval
    few = [f"{MARK}: {warning(evaluation.patients)}"] if evaluation.few else []
    lines = [
        "LEAKY SPLIT: " + evaluation.protocol if evaluation.leaky else evaluation.protocol,
        f"{evaluation.images} images of {evaluation.patients} patients; 95 % intervals over them.",
        *few,
        (
            f"{evaluation.titled('auroc')}: "
            f"{figure(evaluation.auroc, evaluation.auroc_interval)}, "
            f"colour alone {figure(evaluation.colour_auroc)}"
        ),
        *([f"AUROC, {ESTIMANDS['patients']}: {figure(*within)}"] if within[0] is not None else []),
        (
            f"{evaluation.titled('balanced_accuracy')}: "
            f"{figure(evaluation.balanced_accuracy, evaluation.balanced_accuracy_interval)}, "
            f"colour alone {figure(evaluation.colour_balanced_accuracy)}"
        ),
        *next_patient(evaluation),
        "patient  images  positive  AUROC  balanced accuracy  at threshold  colour alone",
    ]
    lines += [
        f"{result.patient:>7}  {result.images:6d}  {result.positives:8d}  {figure(result.auroc)}  "
        f"{figure(result.balanced_accuracy):>17}  {result.threshold:12.3f}  "
        f"{figure(result.colour_auroc)} / {figure(result.colour_balanced_accuracy)}"
        for result in evaluation.by_patient
    ]
    return "\n".join([*lines, *evaluation.notes])
