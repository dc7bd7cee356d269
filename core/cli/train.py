"""`train`: a recipe and a folder in, a model out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core.cli.dataset_options import GroupNeighbours, PatientPattern, Positive
from core.cli.output import plain
from core.cli.train_output import print_plan, report, shown_progress
from core.errors import LobuleError, Stopped
from core.imaging.scale import why_implausible

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.training.jobs import RunState
    from core.training.watch import Watch


def _scale(value: float | None) -> float | None:
    if value is not None and (words := why_implausible(value)):
        raise typer.BadParameter(f"{value:g} is no scale of an image, which {words}")
    return value


def train(
    recipe: Annotated[str, typer.Option(help="Name of a recipe, or a .toml file.")],
    data: Annotated[Path, typer.Option(help="Folder or manifest of the dataset.")],
    *,
    encoder: Annotated[
        str | None,
        typer.Option(help="Encoder to fit the recipe `probe` on; `encoders list` names them."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the model; that of the recipe, with a number if it is taken."),
    ] = None,
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
    patient_pattern: PatientPattern = None,
    um_per_px: Annotated[
        float | None,
        typer.Option(help="Scale of images that do not state one, µm/px.", callback=_scale),
    ] = None,
    positive: Positive = None,
    group_neighbours: GroupNeighbours = False,
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
        bool,
        typer.Option("--dry-run", help="Only show what would happen and how long it would take."),
    ] = False,
) -> None:
    """Train a model by a recipe and add it to the models.

    Ctrl-C stops it and keeps the best so far in the run's folder, from which `runs shelve` adds it
    to the models; a second Ctrl-C ends at once. Either way `runs resume` goes on from the last
    finished epoch.
    """
    from core.training.jobs import run_here
    from core.training.request.encoder import changes_for
    from core.training.request.override import override
    from core.training.request.recipe import load_recipe
    from core.training.request.request import Request

    changes = [*(settings or [])]
    changes += [f"split={split}"] if split else []
    changes += [f"task={task}"] if task else []
    try:
        changes += changes_for(encoder) if encoder else []
        changed = override(load_recipe(recipe), changes)
        request = Request(
            recipe=changed,
            data=data,
            name=name or _free_name(changed.name, folder),
            changes=tuple(changes),
            magnifications=tuple(magnification) if magnification else None,
            patient_pattern=patient_pattern,
            um_per_px=um_per_px,
            positive=positive,
            group_neighbours=group_neighbours,
            folder=folder,
            replace=replace,
        )
    except LobuleError as error:
        typer.echo(f"No model was trained. {plain(str(error))}", err=True)
        raise typer.Exit(1) from error
    if dry_run:
        print_plan(request)
    else:
        do_run(lambda watch: run_here(request, watch))


def do_run(run: "Callable[[Watch], RunState]") -> None:
    """Do a run in the foreground, add its model if it finished, and say how it did."""
    try:
        with shown_progress() as watch:
            state = run(watch)
    except KeyboardInterrupt:
        typer.echo(
            "Ended at once. `python -m core runs list` names the run, `python -m core runs "
            "resume ID` continues from its last finished epoch.",
            err=True,
        )
        raise typer.Exit(130) from None
    except Stopped as error:
        typer.echo(f"No model was trained. {plain(str(error))}", err=True)
        raise typer.Exit(130) from error
    except LobuleError as error:
        typer.echo(f"No model was trained. {plain(str(error))}", err=True)
        raise typer.Exit(1) from error
    if state.state == "cancelled":
        typer.echo(
            f"Cancelled after {len(state.history)} of {state.epochs} epochs: the best so far "
            f"is in {state.package}. It is not among the models: `python -m core runs shelve "
            f"{state.id}` adds it, `python -m core runs resume {state.id}` goes on.",
            err=True,
        )
        raise typer.Exit(130)
    add_model(state.id, replace=state.request.replace)


def add_model(run: str, *, replace: bool) -> None:
    """Add a run's model to the models, and say how it did; ends the program if it cannot be."""
    from core.registry.package import load_package
    from core.training.jobs import shelve

    try:
        package = load_package(shelve(run, replace=replace))
    except LobuleError as error:
        typer.echo(
            f"The run's model was not added to the models. {plain(str(error))} `python -m core "
            f"runs shelve {plain(run)}` tries again; with --replace it takes the place of another.",
            err=True,
        )
        raise typer.Exit(1) from error
    typer.echo(f"{package.path} (sha256 {package.model_sha256[:12]})")
    if package.card.evaluation:
        typer.echo(report(package.card.evaluation))


def _free_name(recipe: str, folder: Path | None) -> str:
    """A name that neither a model nor a run has, and say which."""
    from core.settings import get_settings
    from core.training.jobs import list_runs
    from core.training.request.request import suggested_name

    taken = {state.request.name for state in list_runs()}
    name = suggested_name(recipe, folder or get_settings().own_models, taken)
    typer.echo(f"The model will be called {name}; --name gives it another name.", err=True)
    return name
