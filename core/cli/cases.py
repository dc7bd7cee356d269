"""`cases`: look whether the worklist's trail holds."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from core.cli.output import AsJson, plain, print_json

cases = typer.Typer(help="The worklist and its trail.", no_args_is_help=True)


@cases.callback()
def _begin() -> None:
    """Keep `verify` a command of its own."""


@cases.command()
def verify(
    *,
    anchor: Annotated[
        Path | None,
        typer.Option(
            help="A file on another machine or medium: the trail is compared with the heads in it, "
            "and if it holds, its head is added.",
            dir_okay=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look whether the trail holds and every case stands as it tells; ends with 1 if not."""
    from core.cases.anchor import check_anchor, write_anchor
    from core.cases.check import check_files, check_trail
    from core.cases.store import open_store

    store = open_store()
    check = check_trail(store)
    new = anchor is not None and not anchor.exists()
    breaks = (
        *check.breaks,
        *check_files(store),
        *(check_anchor(store, anchor) if anchor else ()),
    )
    if anchor and not breaks:
        write_anchor(store, check, anchor)
    if as_json:
        report = {"holds": not breaks, "entries": check.entries, "head": check.head._asdict()}
        print_json({**report, "breaks": [asdict(each) for each in breaks]})
    elif breaks:
        typer.echo("The trail does not hold.")
        for each in breaks:
            typer.echo(plain(each.words))
    else:
        typer.echo(check.words)
        if new:
            typer.echo(f"There were no earlier heads to compare with: {anchor} is new.")
    if breaks:
        raise typer.Exit(1)
