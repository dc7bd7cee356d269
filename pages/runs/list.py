"""The runs in the sidebar, and which of them the page is about."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.runs.words import SYMBOLS, as_markdown, moment

if TYPE_CHECKING:
    from core.training.jobs.state import RunState

NEW, ALL = "new", "all"
MOST_LISTED = 12


def chosen_run(states: list["RunState"]) -> str:
    """What the address asks for: a run's id, `NEW` or `ALL`."""
    return st.query_params.get("run") or (ALL if states else NEW)


def choose(run: str) -> None:
    """Turn the page to a run, to `NEW` or to `ALL`; the address says so, for a refresh."""
    st.query_params["run"] = run


def show_list(states: list["RunState"], chosen: str) -> None:
    """Draw the way to a new run, to all of them, and to each of the latest."""
    _entry("New run", NEW, chosen, icon=":material/add:")
    if not states:
        st.caption("No runs yet.")
        return
    _entry(f"All runs ({len(states):,})", ALL, chosen, icon=":material/table_rows:")
    st.caption("Latest")
    for state in states[:MOST_LISTED]:
        label = f"{SYMBOLS[state.state]} {as_markdown(state.request.name)}"
        leaky = ", ⚠ leaky split" if state.request.recipe.split == "image" else ""
        means = f"{state.state}{leaky}, asked {moment(state.asked)}"
        _entry(label, state.id, chosen, means=means)


def _entry(
    label: str, run: str, chosen: str, icon: str | None = None, means: str | None = None
) -> None:
    st.button(
        label,
        key=f"show-{run}",
        type="secondary" if run == chosen else "tertiary",
        icon=icon,
        help=means,
        width="stretch",
        on_click=choose,
        args=(run,),
    )
