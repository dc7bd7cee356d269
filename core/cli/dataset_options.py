"""Options on how a dataset is to be read, which several commands have."""

from typing import Annotated

import typer

Positive = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Which class is positive, where the two words do not say it."
    ),
]
GroupNeighbours = Annotated[
    bool,
    typer.Option(
        "--group-neighbours",
        help="Take neighbouring ids of IDC for one woman: its 279 ids are of 162.",
    ),
]
