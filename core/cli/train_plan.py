"""`train --dry-run`: what a run would do."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from core.cli.output import plain
from core.durations import duration

if TYPE_CHECKING:
    from core.training.planning.plan import Plan
    from core.training.request.request import Request


def print_plan(request: "Request") -> None:
    """Print what a run would do; the exit code is 1 if it cannot work."""
    from core.training.planning.plan import plan  # noqa: PLC0415 - help comes at once

    found = plan(request)
    for line in _lines(found):
        typer.echo(plain(line))
    for refusal in found.refusals:
        typer.echo(f"It cannot work: {plain(refusal)}", err=True)
    if found.refusals:
        raise typer.Exit(1)


def _lines(plan: "Plan") -> Iterator[str]:
    for name, part in plan.parts.items():
        classes = ", ".join(f"{label} {count:,}" for label, count in part.classes.items())
        yield f"{name + ':':<12}{part.images:,} images of {part.patients:,} patients; {classes}"
    if plan.crops > 1:
        yield f"{'Squares:':<12}{plan.crops} cut from each image"
    if plan.device:
        yield f"{'Device:':<12}{plan.device}"
    if plan.seconds is not None and plan.seconds_an_epoch is not None:
        times = "a pass of"
        if plan.epochs:
            times = f"{plan.epochs} epoch{'' if plan.epochs == 1 else 's'} of"
        yield (
            f"{'Time:':<12}at most {duration(plan.seconds)}: {times} "
            f"{duration(plan.seconds_an_epoch)}, and reading the images; judging comes on top"
        )
    if plan.disk_free:
        yield (
            f"{'Disk:':<12}{plan.disk_needed / 1e6:,.0f} MB needed, "
            f"{plan.disk_free / 1e6:,.0f} MB free"
        )
    for note in plan.notes:
        yield f"{'Note:':<12}{note}"
