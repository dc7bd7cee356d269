"""`datasets`: get public ones, audit any."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core.cli.datasets_audit import audit

if TYPE_CHECKING:
    from rich.progress import TaskID

    from core.datasets.fetch import Progress

datasets = typer.Typer(help="Datasets to train on.", no_args_is_help=True)
datasets.command()(audit)


@datasets.command()
def download(
    name: Annotated[Literal["breakhis", "idc"], typer.Argument(help="Which public dataset.")],
    to: Annotated[
        Path | None, typer.Option(help="Folder for it; LOBULE_HOME/downloads/NAME by default.")
    ] = None,
) -> None:
    """Get a public dataset from its authors; run again to go on after an interruption."""
    from core.datasets.download import download as run
    from core.datasets.sources import ARCHIVES
    from core.settings import get_settings

    archive = ARCHIVES[name]
    try:
        folder = to or get_settings().downloads / name
        typer.echo(f"{archive.title}\nLicence: {archive.licence}", err=True)
        typer.echo("".join(f"Cite: {text}\n" for text in archive.citations), err=True, nl=False)
        typer.echo(f"From {archive.address}\nTo {folder}", err=True)
        with _progress() as progress:
            images = run(archive, folder, progress)
    except KeyboardInterrupt:
        typer.echo(
            "Stopped. What was downloaded is kept: the same command continues from there.", err=True
        )
        raise typer.Exit(130) from None
    typer.echo(str(images))


@contextmanager
def _progress() -> Iterator["Progress"]:
    """One bar a stage on stderr: bytes, speed and the time left."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        *(TextColumn("{task.description:<11}"), BarColumn(), DownloadColumn()),
        *(TransferSpeedColumn(), TimeRemainingColumn()),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        stages: dict[str, TaskID] = {}

        def told(stage: str, done: int, total: int | None) -> None:
            if stage not in stages:  # what an earlier run left is no part of the speed
                stages[stage] = bars.add_task(stage, total=total, completed=done)
            bars.update(stages[stage], completed=done, total=total)

        yield told
