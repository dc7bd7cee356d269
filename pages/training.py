"""Training: start a run, watch it, stop it, go on with it, and compare what came out."""

import streamlit as st

from core.errors import LobuleError
from pages.runs.follow import follow, standing
from pages.runs.form import ask_for_run
from pages.runs.sweeps import show_sweeps
from pages.runs.table import ALL, NEW, chosen_run, show_all, show_list
from pages.runs.view import explain, show_ended, show_head
from pages.runs.words import active
from pages.shared.entrance import enter_through_app
from pages.shared.plain import notice


def show_page() -> None:
    """Draw the list of runs, and one of them, all of them with the sweeps, or a new one's form."""
    from core.training.jobs import list_runs, list_unreadable  # noqa: PLC0415 - pandas
    from core.training.sweep.jobs import list_sweeps  # noqa: PLC0415 - pandas

    states, unreadable, sweeps = list_runs(), list_unreadable(), list_sweeps()
    chosen = chosen_run(len(states) + len(unreadable) + len(sweeps))
    with st.sidebar:
        show_list(states, unreadable, len(sweeps), chosen)
    state = next((state for state in states if state.id == chosen), None)
    if state:
        show_head(state)
    # At one place of the page, whatever else is there.
    epochs = chosen == ALL
    follow(standing(states, unreadable, epochs=epochs), chosen, epochs=epochs)
    if state:
        if not active(state):
            show_ended(state, states)
    elif chosen == NEW:
        ask_for_run(states)
    elif chosen == ALL:
        with st.container():  # one thing on the page, however much it holds
            show_all(states, unreadable)
        show_sweeps(sweeps)
    else:
        explain(chosen)


enter_through_app(__file__)
try:
    show_page()
except LobuleError as error:
    notice(str(error), "error")
