"""Notice whatever happens to runs, whoever did it, and draw what changes all the time."""

from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from pages.runs.start import running_checks
from pages.runs.view import show_alive
from pages.runs.words import active
from pages.shared.plain import notice

if TYPE_CHECKING:
    from core.training.jobs import RunState, UnreadableRun

Standing = tuple[tuple[object, ...], ...]


def standing(
    states: list["RunState"], unreadable: list["UnreadableRun"], *, epochs: bool
) -> Standing:
    """What a page that was drawn now shows; if epochs matter, finished ones too."""
    runs = tuple((run.id, run.state, len(run.history) if epochs else 0) for run in states)
    reasons = tuple((run.id, run.reason) for run in unreadable)
    return (*runs, *reasons, ("checks", running_checks()))


# Streamlit tells fragments apart by their function and their place on the page: defined once and
# always drawn at one place, this one is the same in every run, and its timer finds it again.
@st.fragment(run_every=1.0)
def follow(drawn: Standing, chosen: str, *, epochs: bool) -> None:
    """Draw the chosen run while it lives, and all of the page when a run has changed its state."""
    from core.training.jobs import list_runs, list_unreadable  # noqa: PLC0415 - pandas

    try:
        states, unreadable = list_runs(), list_unreadable()
    except LobuleError as error:
        notice(str(error), "error")
        return
    if standing(states, unreadable, epochs=epochs) != drawn:
        st.rerun()
    for state in states:
        if state.id == chosen and active(state):
            show_alive(state)
