"""The images of a case in a table: sorted by a click on a column's head, chosen by one on a row."""

from typing import Any

import streamlit as st

from core.cases.records import Verdict
from pages.desk.answers import Query, Summary, summary
from pages.desk.state import Desk, Upload
from pages.shared.marks import OUT_OF_SCOPE, has_class, mark_of_outcome
from pages.shared.plain import visible

IMAGE, OUTCOME, PROBABILITY, YOU, NAME = ("Image", "Outcome", "P", "You", "Name")
_SORTABLE = (OUTCOME, PROBABILITY, YOU, NAME)
_ROW, _HEAD, _MOST_ROWS = 44, 36, 13
_KEY = "desk_table"
_ORDER, _SORT = "desk_order", "desk_sort"
_MARKED, _HEARD, _HEARD_PLACE = "desk_marked", "desk_heard", "desk_unseen"
_YOURS = {Verdict.AGREE: "✓", Verdict.DISAGREE: "✗"}
_Selection = dict[str, list[Any]]


def in_order(desk: Desk, queries: list[Query]) -> list[Query]:
    """Sort as the user wishes; images without an answer come last."""
    by = st.session_state.get(_SORT)
    if by not in _SORTABLE:
        return queries
    return sorted(queries, key=lambda query: _rank(desk, query, by))


def show_table(desk: Desk, queries: list[Query]) -> None:
    """Draw the table of queries in the order given."""
    doubles = _doubles(desk, queries)
    rows = [_row(desk, query, doubles) for query in queries]
    ids = [query.upload.id for query in queries]
    st.session_state[_ORDER] = ids
    by = st.session_state.get(_SORT)
    wanted: _Selection = {
        "rows": [ids.index(desk.chosen)] if desk.chosen in ids else [],
        "columns": [by] if by in _SORTABLE else [],
        "cells": [],  # none, but the browser names them: without, its echo looks like a click
    }
    _mark(wanted)
    st.dataframe(
        {title: [row[place] for row in rows] for place, title in enumerate(_CONFIG)},
        key=_KEY,
        hide_index=True,
        row_height=_ROW,
        height=_HEAD + _ROW * min(len(rows), _MOST_ROWS),
        on_select=_chosen,
        selection_mode=("single-row", "single-column", "single-cell"),
        column_config=_CONFIG,
        placeholder="",
        alt="The images of this case and their answers",
    )
    with st.container(key=_HEARD_PLACE):  # after the table, so that it is heard of after it too
        st.text_input("Number of the mark", key=_HEARD, label_visibility="collapsed")


def _mark(wanted: _Selection) -> None:
    """Have the browser mark what is on show and the order, and note that it was told to."""
    marked, generation = st.session_state.get(_MARKED, (None, 0))
    held = st.session_state.get(_KEY)
    if held is None or any(held["selection"][part] != wanted[part] for part in wanted):
        generation += marked != wanted
        st.session_state[_KEY] = {"selection": wanted}
    st.session_state[_MARKED] = wanted, generation
    st.session_state[_HEARD] = str(generation)


def _chosen() -> None:
    """Take over what was clicked: a row, anywhere on it, is an image, a column's head an order.

    After a key was pressed, the page marks another row. A browser that asks to run again before it
    has heard of that sends the row that was marked before: that is no click. It has heard once it
    sends the number of the mark, which came along in a field that nobody sees.
    """
    marked, generation = st.session_state[_MARKED]
    selection = st.session_state[_KEY]["selection"]
    if st.session_state.get(_HEARD) != str(generation) or selection == marked:
        return
    ids: list[str] = st.session_state.get(_ORDER, [])
    cells = selection["cells"]  # a click on a row's text: the row's number and the column
    rows = [cells[0][0]] if cells else selection["rows"]
    if rows and rows[0] < len(ids):
        st.session_state["desk_picked"] = ids[rows[0]]
    # A cell that is clicked takes the mark off the head: the order stays.
    by = selection["columns"][0] if selection["columns"] else None
    if not cells and by != st.session_state.get(_SORT):
        st.session_state[_SORT] = by
        st.session_state["desk_sorted"] = True  # which image is next is drawn outside the table


def _row(desk: Desk, query: Query, doubles: dict[str, str]) -> tuple[str | None, ...]:
    key = query.upload.id
    name = visible(query.upload.name)
    if key in doubles:
        name = f"{name} (= {visible(doubles[key])})"
    said = desk.verdicts.get(query.subject)
    yours = _YOURS.get(said, "") if said else ""
    short = summary(query, desk)
    if short is None:
        return None, "…", "", yours, name
    if short.predicted is None:
        return None, "✕ none", "", "", name
    return (
        short.thumbnail,
        f"{mark_of_outcome(short.outcome, short.positive).symbol} {short.outcome}",
        "" if short.outcome == OUT_OF_SCOPE else f"{100 * short.probability:.0f} %",
        yours,
        name,
    )


def _rank(desk: Desk, query: Query, by: str) -> tuple[object, ...]:
    if by == NAME:
        return (query.upload.name.casefold(),)
    short = summary(query, desk)
    if short is None or short.predicted is None:
        return (1, 0, "")
    if by == YOU:
        return (0, _YOURS.get(desk.verdicts.get(query.subject), "~"), "")  # type: ignore[arg-type]
    if by == OUTCOME:
        return (0, _suspicion(short), short.outcome)
    return (0, 2.0 if short.outcome == OUT_OF_SCOPE else -short.probability, "")


def _suspicion(short: Summary) -> int:
    """The positive class first, then what is undecided, then the others, then out of scope."""
    if short.outcome == OUT_OF_SCOPE:
        return 3
    if not has_class(short.outcome):
        return 1
    return 0 if short.outcome == short.positive else 2


def _doubles(desk: Desk, queries: list[Query]) -> dict[str, str]:
    """Images with the same pixels as an earlier one: id to that one's name."""
    queries_by_id = {query.upload.id: query for query in queries}
    first: dict[str, Upload] = {}
    doubles = {}
    for upload in list(desk.images.values()):
        query = queries_by_id.get(upload.id)
        short = summary(query, desk) if query else None
        if short is not None and short.pixels:
            same = first.setdefault(short.pixels, upload)
            if same is not upload:
                doubles[upload.id] = same.name
    return doubles


_CLICK = "Click to sort, again to undo."
_CONFIG = {
    IMAGE: st.column_config.ImageColumn(" ", width=44),
    OUTCOME: st.column_config.TextColumn(width=100, help=_CLICK),
    PROBABILITY: st.column_config.TextColumn(
        width=50,
        help=f"Of the positive class, else of the most probable. {_CLICK}",
    ),
    YOU: st.column_config.TextColumn(width=44, help=f"Your verdict: ✓ agree, ✗ disagree. {_CLICK}"),
    NAME: st.column_config.TextColumn(help=_CLICK),
}
