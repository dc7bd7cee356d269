"""What the commands print: text for people, one line of JSON for programs."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from core.errors import LobuleError

if TYPE_CHECKING:
    from rich.progress import TaskID

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs to read.")]


def print_json(value: object) -> None:
    """Print one line, as `json_line` gives it."""
    typer.echo(json_line(value))


def json_line(value: object) -> str:
    """One line of plain ASCII, which every terminal and pipe passes on unharmed."""
    return json.dumps(value, allow_nan=False)


def plain(text: str) -> str:
    """Return text that a terminal takes for nothing but text: file names are data."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def markdown(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a Markdown table."""
    columns = tuple(titles)
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for cells in rows:
        yield f"| {' | '.join(cells)} |"


class InWords(TyperGroup):
    """Commands that end with a sentence where they cannot go on; the exit code is 1 then."""

    def invoke(self, ctx: Any) -> Any:
        """Do the command that was asked for."""
        try:
            return super().invoke(ctx)
        except LobuleError as error:
            typer.echo(plain(str(error)), err=True)
            raise typer.Exit(1) from error


@contextmanager
def stage_bars() -> Iterator[Callable[[str, float], None]]:
    """One bar a stage, with the time left, on stderr if somebody is there to see it.

    Yields what is to be told of the stage, in words, and the share of it that is done, in [0, 1].
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        stages: dict[str, TaskID] = {}

        def told(stage: str, done: float) -> None:
            if stage not in stages:
                stages[stage] = bars.add_task(stage, total=1.0)
            bars.update(stages[stage], completed=done)

        yield told
