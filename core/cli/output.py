"""What the commands print: text for people, one line of JSON for programs."""

import json
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs to read.")]


def print_json(value: object) -> None:
    """Print one line of plain ASCII, which every terminal and pipe passes on unharmed."""
    typer.echo(json.dumps(value, allow_nan=False))


def plain(text: str) -> str:
    """Return text that a terminal takes for nothing but text: file names are data."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def duration(seconds: float) -> str:
    """Write a time in words: "2 h 5 min", "3 min 20 s", "0.4 s"."""
    if seconds < 10:  # noqa: PLR2004 - below, tenths matter
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
