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
