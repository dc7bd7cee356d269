"""Training: start a run, watch it, stop it, go on with it, and compare what came out."""

from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from pages.runs.follow import follow, standing
from pages.runs.form import ask_for_run
from pages.runs.list import ALL, NEW, chosen_run, show_list
from pages.runs.table import show_all
from pages.runs.view import show_ended, show_head
from pages.runs.words import active
from pages.shared.entrance import enter_through_app
from pages.shared.plain import notice

if TYPE_CHECKING:
    from core.training.jobs.state import RunState


def show(states: list["RunState"], chosen: str) -> None:
    """Draw a run, all of them, or the form of a new one."""
    state = next((state for state in states if state.id == chosen), None)
    if state:
        show_head(state)
    # At one place of the page, whatever else is there.
    follow(standing(states, epochs=chosen == ALL), chosen, epochs=chosen == ALL)
    if state:
        if not active(state):
            show_ended(state, states)
    elif chosen == NEW:
        ask_for_run(states)
    elif chosen == ALL:
        show_all(states, unreadable(states))
    else:
        explain(chosen)


def explain(chosen: str) -> None:
    """Say why the run of the address cannot be shown."""
    from core.training.jobs import read_run  # noqa: PLC0415 - pandas

    st.title("No such run", anchor=False)
    try:
        read_run(chosen)
    except LobuleError as error:
        notice(str(error), "error")


def unreadable(states: list["RunState"]) -> list[str]:
    """Ids of runs that are there and cannot be read."""
    from core.training.jobs.folder import run_folders  # noqa: PLC0415 - pandas

    known = {state.id for state in states}
    return sorted(folder.id for folder in run_folders() if folder.id not in known)


def show_page() -> None:
    """Draw everything."""
    from core.training.jobs import list_runs  # noqa: PLC0415 - pandas

    states = list_runs()
    chosen = chosen_run(states)
    with st.sidebar:
        show_list(states, chosen)
    show(states, chosen)


enter_through_app(__file__)
try:
    show_page()
except LobuleError as error:
    notice(str(error), "error")
except OSError as error:
    notice(f"The runs cannot be read: {error}", "error")
