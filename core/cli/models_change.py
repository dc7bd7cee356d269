"""`models activate`, `rename`, `delete`, `export`, `import`, `card`, `ensemble` and `vouch`."""

from collections.abc import Callable
from pathlib import Path
from typing import IO, Annotated

import typer

from core.atomic import whole_file
from core.cli.output import plain
from core.errors import PackageError

Name = Annotated[str, typer.Argument(help="A model, as `models list` calls it.")]


def activate(name: Name) -> None:
    """Make a model the one that answers unless another is asked for."""
    from core.registry.shelf import activate as run

    run(name)
    typer.echo(f"{plain(name)} answers from now on.")


def rename(
    name: Name,
    new: Annotated[str, typer.Argument(help="Its new name.")],
    title: Annotated[str | None, typer.Option(help="What pages call it.")] = None,
) -> None:
    """Give a model of your own another name."""
    from core.registry.manage import rename as run

    typer.echo(str(run(name, new, title).path))


def delete(
    name: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a model of your own for good."""
    from core.registry.manage import delete as run

    if not yes:
        typer.confirm(f"Delete {plain(name)} for good?", abort=True)
    run(name)
    typer.echo(f"{plain(name)} was deleted.")


def export(
    name: Name,
    file: Annotated[Path, typer.Argument(help="Zip file to write; must not exist.")],
) -> None:
    """Write a model as a zip file, for another Lobule to import."""
    from core.registry.exchange import export_package
    from core.registry.shelf import find

    package = find(name)
    _write_new(file, lambda sink: export_package(package, sink))


def import_(
    file: Annotated[Path, typer.Argument(help="A zip file that Lobule exported.")],
    name: Annotated[str | None, typer.Option(help="What to call it here.")] = None,
) -> None:
    """Add the model of a zip file, unless anything about it is unsafe or wrong."""
    from core.encoders.shelf import encoder_of
    from core.registry.exchange import import_package
    from core.registry.used_encoder import without_encoder

    if not file.is_file():
        raise PackageError(f"There is no file {file}. Name a zip file that Lobule exported.")
    package = import_package(file, name)
    typer.echo(str(package.path))
    if package.card.encoder and encoder_of(package.card.encoder.sha256) is None:
        typer.echo(without_encoder(package.card), err=True)


def card(
    name: Name,
    pdf: Annotated[Path | None, typer.Option(help="One-page PDF to write; must not exist.")] = None,
) -> None:
    """Print a model's card on one page, as Markdown or PDF (Mitchell et al. 2019)."""
    from core.registry.card_page import card_markdown, card_pdf
    from core.registry.shelf import find

    package = find(name)
    if pdf is None:
        typer.echo(card_markdown(package.card, package.model_sha256), nl=False)
    else:
        content = card_pdf(package.card, package.model_sha256)
        _write_new(pdf, lambda sink: sink.write(content))


def ensemble(
    name: Annotated[str, typer.Argument(help="Name of the ensemble.")],
    members: Annotated[list[str], typer.Argument(help="Two or more models of one task and scale.")],
) -> None:
    """Have several models answer together: the mean of their calibrated probabilities."""
    from core.training.ensemble import make_ensemble

    package = make_ensemble(name, members)
    typer.echo(str(package.path))
    card = package.card
    if card.evaluation and card.conformal is None:
        typer.echo(
            "Its members answered one test part, on which nothing may be chosen, so it has "
            "no decision threshold or prediction sets: its answer is the most probable class."
        )
    elif card.conformal is None:
        typer.echo(
            "Its members were not judged on the same images in the same way, so it has no "
            "decision threshold or prediction sets. Judge it: python -m core evaluate "
            f"{plain(name)} --data FOLDER"
        )


def vouch(
    names: Annotated[list[str], typer.Argument(help="Folders of shipped models.")],
) -> None:
    """Vouch for shipped models as they are now, after they were made again; see `verify`."""
    from core.registry.shipped import vouch as run
    from core.settings import get_settings

    for name in names:
        run(get_settings().shipped_models / name)
        typer.echo(f"{plain(name)} is vouched for as it is.")


def _write_new(file: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file that was not there, whole or not at all."""
    try:
        if file.exists():
            raise PackageError(f"{file} is there already. Name a new file.")
        with whole_file(file) as sink:
            write(sink)
    except OSError as error:
        raise PackageError(
            f"{file} cannot be written: {error.strerror or error}. Name another place."
        ) from error
    typer.echo(str(file))
