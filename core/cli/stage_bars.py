"""Bars in the terminal for work that goes through stages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import TaskID


@contextmanager
def stage_bars() -> Iterator[Callable[[str, float], None]]:
    """One bar a stage, with the time left, on stderr if somebody is there to see it.

    Yields what is to be told of the stage, in words, and the share of it that is done, in [0, 1].
    """
    from rich.console import Console  # noqa: PLC0415 - help comes at once
    from rich.progress import Progress  # noqa: PLC0415

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        stages: dict[str, TaskID] = {}

        def told(stage: str, done: float) -> None:
            if stage not in stages:
                stages[stage] = bars.add_task(stage, total=1.0)
            bars.update(stages[stage], completed=done)

        yield told
