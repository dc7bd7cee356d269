"""The images of a case in a table: sorted by a click on a column's head, chosen by one on a row."""

import streamlit as st

from pages.desk.answers import Query, Summary, summary
from pages.desk.state import Desk, Upload
from pages.shared.marked_table import Selection, row_of, show_marked_table
from pages.shared.marks import OUT_OF_SCOPE, has_class, mark_of_outcome
from pages.shared.plain import visible

IMAGE, OUTCOME, PROBABILITY, YOU, NAME = ("Image", "Outcome", "P", "You", "Name")
_SORTABLE = (OUTCOME, PROBABILITY, YOU, NAME)
_ROW, _HEAD, _MOST_ROWS = 44, 36, 13
_KEY = "desk_table"
_ORDER, _SORT, _SHOWN = "desk_order", "desk_sort", "desk_shown"


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
    st.session_state[_ORDER], st.session_state[_SHOWN] = ids, desk.chosen
    by = st.session_state.get(_SORT)
    wanted: Selection = {
        "rows": [ids.index(desk.chosen)] if desk.chosen in ids else [],
        "columns": [by] if by in _SORTABLE else [],
        "cells": [],  # none, but the browser names them: without, its echo looks like a click
    }
    show_marked_table(
        {title: [row[place] for row in rows] for place, title in enumerate(_CONFIG)},
        _KEY,
        wanted,
        _chosen,
        row_height=_ROW,
        height=_HEAD + _ROW * min(len(rows), _MOST_ROWS),
        column_config=_CONFIG,
        alt="The images of this case and their answers",
    )


def _chosen(selection: Selection) -> None:
    """Take over what was clicked: a row, anywhere on it, is an image, a column's head an order."""
    ids: list[str] = st.session_state.get(_ORDER, [])
    row = row_of(selection)
    # A click on the image that is shown anyhow must not undo a key that is pressed right after it.
    if row is not None and row < len(ids) and ids[row] != st.session_state.get(_SHOWN):
        st.session_state["desk_picked"] = ids[row]
    # A cell that is clicked takes the mark off the head: the order stays.
    by = selection["columns"][0] if selection["columns"] else None
    if not selection["cells"] and by != st.session_state.get(_SORT):
        st.session_state[_SORT] = by
        st.session_state["desk_sorted"] = True  # which image is next is drawn outside the table


def _row(desk: Desk, query: Query, doubles: dict[str, str]) -> tuple[str | None, ...]:
    key = query.upload.id
    name = visible(query.upload.name)
    if key in doubles:
        name = f"{name} (= {visible(doubles[key])})"
    short = summary(query, desk)
    yours = _yours(desk, query, short)
    if short is None:
        return None, "…", "", yours, name
    if short.predicted is None:
        return short.thumbnail or None, "✕ none", "", "", name
    return (
        short.thumbnail,
        f"{mark_of_outcome(short.outcome, short.positive).symbol} {short.outcome}",
        "" if short.outcome == OUT_OF_SCOPE else f"{100 * short.probability:.0f} %",
        yours,
        name,
    )


def _yours(desk: Desk, query: Query, short: Summary | None) -> str:
    """What the pathologist said: a check mark where it is what the model says."""
    if query.subject not in desk.verdicts:
        return ""
    named = desk.verdicts[query.subject]
    if named is None:
        return "?"
    return "✓" if short and named == short.outcome else visible(named)


def _rank(desk: Desk, query: Query, by: str) -> tuple[object, ...]:
    if by == NAME:
        return (query.upload.name.casefold(),)
    short = summary(query, desk)
    if short is None or short.predicted is None:
        return (1, 0, "")
    if by == YOU:
        return (0, 0, _yours(desk, query, short) or "~")
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
        help=f"Of the positive class, or of the most probable one. {_CLICK}",
    ),
    YOU: st.column_config.TextColumn(
        width=64, help=f"Your verdict: ✓ as the model, or the class; ? cannot tell. {_CLICK}"
    ),
    NAME: st.column_config.TextColumn(help=_CLICK),
}
