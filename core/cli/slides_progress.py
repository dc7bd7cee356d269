"""How far the answer of a slide is, on stderr: a bar on a terminal, else a line now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from core.cli.output import plain
from core.durations import duration

if TYPE_CHECKING:
    from core.slides.answering import AnswerState

_EVERY = 10.0
"""Seconds between two lines."""


@contextmanager
def progress() -> Iterator["Callable[[AnswerState], None]"]:
    """Yield what is to be told how an answer stands; it says the answer's id first."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        bar = bars.add_task("Starting", total=1.0)
        named, stage, last_shown = False, "", 0.0

        def told(state: "AnswerState") -> None:
            nonlocal named, stage, last_shown
            if not named:
                typer.echo(
                    f"Answer {state.id} of {plain(state.request.name)}: if it is cut off, "
                    f"`slides resume {state.id}` goes on with it.",
                    err=True,
                )
                named = True
            words = _words(state)
            bars.update(bar, completed=state.done, description=escape(words))
            due = state.stage != stage or time.monotonic() - last_shown >= _EVERY
            if not console.is_terminal and due:
                typer.echo(plain(words), err=True)
                stage, last_shown = state.stage, time.monotonic()

        yield told


def _words(state: "AnswerState") -> str:
    from core.slides.answering.words import progress_words

    left = f" · about {duration(state.seconds_left)} left" if state.seconds_left else ""
    tiles = f": {progress_words(state)}" if state.tiles else ""
    return f"{state.stage or 'Starting'}{tiles}{left}"
