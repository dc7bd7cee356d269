"""A table in which the page marks a row and the user clicks one, without mistaking either."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

Selection = dict[str, list[Any]]


def show_marked_table(
    columns: Mapping[str, Sequence[object]],
    key: str,
    marked: Selection,
    clicked: Callable[[Selection], None],
    **settings: Any,
) -> None:
    """Draw a table with some of it marked; a click of the user's is told, an echo of a mark is not.

    Parameters
    ----------
    columns
        Cells by the title of their column.
    key
        Of the table.
    marked
        "rows", "columns" and "cells" that are to be marked.
    clicked
        Called with what is selected after a click.
    **settings
        Of `st.dataframe`.
    """
    _mark(key, marked)
    st.dataframe(
        columns,
        key=key,
        hide_index=True,
        on_select=lambda: _hear(key, clicked),
        selection_mode=("single-row", "single-column", "single-cell"),
        placeholder="",
        **settings,
    )
    # After the table, so that it is heard of after it too.
    with st.container(key=f"{key}_unseen"):
        st.text_input("Number of the mark", key=f"{key}_heard", label_visibility="collapsed")


def _mark(key: str, wanted: Selection) -> None:
    """Have the browser mark what is wanted, and note that it was told to."""
    marked, generation = st.session_state.get(f"{key}_marked", (None, 0))
    held = st.session_state.get(key)
    if held is None or any(held["selection"][part] != wanted[part] for part in wanted):
        generation += marked != wanted
        st.session_state[key] = {"selection": wanted}
    st.session_state[f"{key}_marked"] = wanted, generation
    st.session_state[f"{key}_heard"] = str(generation)


def _hear(key: str, clicked: Callable[[Selection], None]) -> None:
    """Tell of a click.

    After a key was pressed, the page marks another row. A browser that asks to run again before it
    has heard of that sends the row that was marked before: that is no click. It has heard once it
    sends the number of the mark, which came along in a field that nobody sees.
    """
    marked, generation = st.session_state[f"{key}_marked"]
    selection = st.session_state[key]["selection"]
    if st.session_state.get(f"{key}_heard") == str(generation) and selection != marked:
        clicked(selection)


def row_of(selection: Selection) -> int | None:
    """Return the row that was clicked: beside its text, or on it; None where none was."""
    cells = selection["cells"]  # a click on a row's text: the row's number and the column
    rows = [cells[0][0]] if cells else selection["rows"]
    return rows[0] if rows else None
