"""How a job stands, by its events and its lock; and the places of those that wait."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Literal, TypeVar

StateName = Literal["waiting", "running", "finished", "cancelled", "failed", "interrupted"]
State = TypeVar("State")


def name_of_state(ended: StateName | None, *, alive: bool, working: bool) -> StateName:
    """Name how a job stands: how it ended, or by whether a living process holds its lock."""
    if ended:
        return ended
    if alive:
        return "running" if working else "waiting"
    return "interrupted"


def with_places(states: Iterable[State]) -> list[State]:
    """Return jobs' states, the one asked for last first, with the places of those that wait.

    Parameters
    ----------
    states
        Dataclasses with `id`, `asked`, `state` and `place_in_line`.
    """
    ordered: list[Any] = sorted(states, key=attrgetter("asked", "id"))
    waiting = [state.id for state in ordered if state.state == "waiting"]
    return [
        replace(state, place_in_line=waiting.index(state.id) + 1) if state.id in waiting else state
        for state in reversed(ordered)
    ]


def moment(at: float) -> datetime:
    """The time of an event, in UTC."""
    return datetime.fromtimestamp(at, UTC)
