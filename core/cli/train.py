"""`train`: a recipe and a folder in, a model on the shelf out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core.cli.output import plain
from core.cli.train_plan import print_plan
from core.cli.train_progress import shown_progress
from core.cli.train_report import report
from core.errors import LobuleError, TrainingCancelledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.training.jobs import RunState
    from core.training.watch import Watch


def train(
    recipe: Annotated[str, typer.Option(help="Name of a recipe, or a .toml file.")],
    data: Annotated[Path, typer.Option(help="Folder or manifest of the dataset.")],
    name: Annotated[str, typer.Option(help="Name of the model.")],
    *,
    split: Annotated[
        Literal["patient", "image"] | None,
        typer.Option(help="By image leaks: only to reproduce published figures."),
    ] = None,
    task: Annotated[
        Literal["binary", "subtype"] | None, typer.Option(help="Which classes to tell apart.")
    ] = None,
    magnification: Annotated[
        list[str] | None,
        typer.Option(help="Train on these only, such as 100X; may be given several times."),
    ] = None,
    patient_pattern: Annotated[
        str | None,
        typer.Option(help="Regular expression that finds (?P<patient>…) in an image's path."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change a setting of the recipe, such as train.epochs=3; may be given several "
            "times.",
        ),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where to put the model; LOBULE_HOME/models by default.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a model of this name.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would happen, and for how long.")
    ] = False,
) -> None:
    """Train a model by a recipe and put it on the shelf.

    Ctrl-C stops it and keeps the best so far; a second Ctrl-C ends at once. Either way
    `runs resume` goes on from the last finished epoch.
    """
    from core.training.jobs import run_here  # noqa: PLC0415 - help comes at once
    from core.training.override import override  # noqa: PLC0415
    from core.training.recipe import load_recipe  # noqa: PLC0415
    from core.training.request import Request  # noqa: PLC0415

    changes = [*(settings or [])]
    changes += [f"split={split}"] if split else []
    changes += [f"task={task}"] if task else []
    try:
        request = Request(
            recipe=override(load_recipe(recipe), changes),
            data=data,
            name=name,
            magnifications=tuple(magnification) if magnification else None,
            patient_pattern=patient_pattern,
            folder=folder,
            replace=replace,
        )
    except LobuleError as error:
        typer.echo(f"No model was trained. {error}", err=True)
        raise typer.Exit(1) from error
    if dry_run:
        print_plan(request)
    else:
        do_run(lambda watch: run_here(request, watch))


def do_run(run: "Callable[[Watch], RunState]") -> None:
    """Do a run in the foreground, put its model on the shelf, and say how it did."""
    from core.registry.package import load_package  # noqa: PLC0415 - help comes at once
    from core.training.jobs import shelve  # noqa: PLC0415

    try:
        with shown_progress() as watch:
            state = run(watch)
        if state.state == "cancelled":
            typer.echo(
                f"Cancelled after {len(state.history)} of {state.epochs} epochs: this is the best "
                f"so far. `python -m core runs resume {state.id}` goes on.",
                err=True,
            )
        package = load_package(shelve(state.id, replace=state.request.replace))
    except KeyboardInterrupt:
        typer.echo(
            "Ended at once. `python -m core runs list` names the run, `python -m core runs resume "
            "ID` goes on from its last finished epoch.",
            err=True,
        )
        raise typer.Exit(130) from None
    except TrainingCancelledError as error:
        typer.echo(f"No model was trained. {plain(str(error))}", err=True)
        raise typer.Exit(130) from error
    except LobuleError as error:
        typer.echo(f"No model was trained. {plain(str(error))}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{package.path} (sha256 {package.model_sha256[:12]})")
    if package.card.evaluation:
        typer.echo(report(package.card.evaluation))
