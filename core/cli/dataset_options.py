"""Options on how a dataset is to be read, which several commands have."""

from typing import Annotated

import typer

Positive = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Which class is positive, if the two names do not say so."),
]
PatientPattern = Annotated[
    str | None,
    typer.Option(help="Regular expression that finds (?P<patient>…) in an image's path."),
]
GroupNeighbours = Annotated[
    bool,
    typer.Option(
        "--group-neighbours",
        help="Treat neighbouring IDC ids as one woman: the 279 ids are of 162 women.",
    ),
]
