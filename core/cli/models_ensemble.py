"""`models ensemble`: put models together."""

from typing import Annotated

import typer

from core.cli.output import plain
from core.errors import LobuleError


def ensemble(
    name: Annotated[str, typer.Argument(help="What the ensemble shall be called.")],
    members: Annotated[list[str], typer.Argument(help="Two or more models of one task and scale.")],
) -> None:
    """Have several models answer together: the mean of their calibrated probabilities."""
    from core.training.ensemble import make_ensemble  # noqa: PLC0415 - help comes at once

    try:
        package = make_ensemble(name, members)
    except LobuleError as error:
        typer.echo(plain(str(error)), err=True)
        raise typer.Exit(1) from error
    typer.echo(str(package.path))
    card = package.card
    if card.evaluation and card.conformal is None:
        typer.echo(
            "Its members answered one test part, on which nothing may be chosen, so it has no "
            "operating point and no prediction sets: the most probable class is its answer."
        )
    elif card.conformal is None:
        typer.echo(
            "Its members were not judged on the same images in the same way, so it has no "
            "operating point and no prediction sets. Judge it: python -m core evaluate "
            f"{plain(name)} --data FOLDER"
        )
