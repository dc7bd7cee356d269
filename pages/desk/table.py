"""The images of a case in a table: sorted by a click on a column's head, chosen by one on a row."""

import time

import streamlit as st

from core.cases.records import Verdict
from pages.desk.answers import Question, Summary, summary
from pages.desk.state import Desk, Upload
from pages.shared.marks import OUT_OF_SCOPE, has_class, mark_of_verdict
from pages.shared.plain import visible

IMAGE, VERDICT, PROBABILITY, SCOPE, YOU, NAME = ("Image", "Verdict", "P", "Scope", "You", "Name")
_SORTABLE = (VERDICT, PROBABILITY, SCOPE, YOU, NAME)
_ROW, _HEAD, _MOST_ROWS = 44, 36, 9
_KEY = "desk_table"
_ORDER, _SORT = "desk_order", "desk_sort"
_SET = "desk_table_set"
_STALE_SECONDS = 2.0
_YOURS = {Verdict.AGREE: "✓", Verdict.DISAGREE: "✗"}
_RANK = {True: 0, None: 1, False: 2}


def in_order(desk: Desk, questions: list[Question]) -> list[Question]:
    """Sort as the user wishes; images without an answer come last."""
    by = st.session_state.get(_SORT)
    if by not in _SORTABLE:
        return questions
    return sorted(questions, key=lambda question: _rank(desk, question, by))


def show_table(desk: Desk, questions: list[Question]) -> None:
    """Draw the table of questions in the order given."""
    doubles = _doubles(desk, questions)
    rows = [_row(desk, question, doubles) for question in questions]
    ids = [question.upload.id for question in questions]
    st.session_state[_ORDER] = ids
    by = st.session_state.get(_SORT)
    wanted = {
        "rows": [ids.index(desk.chosen)] if desk.chosen in ids else [],
        "columns": [by] if by in _SORTABLE else [],
        "cells": [],  # never any, but the browser names them: without, its echo looks like a click
    }
    held = st.session_state.get(_KEY)
    if held is None or any(held["selection"][part] != wanted[part] for part in wanted):
        st.session_state[_SET] = held, time.monotonic()
        st.session_state[_KEY] = {"selection": wanted}
    st.dataframe(
        {title: [row[place] for row in rows] for place, title in enumerate(_CONFIG)},
        key=_KEY,
        hide_index=True,
        row_height=_ROW,
        height=_HEAD + _ROW * min(len(rows), _MOST_ROWS),
        on_select=_chosen,
        selection_mode=("single-row", "single-column"),
        column_config=_CONFIG,
        placeholder="",
        alt="The images of this case and their answers",
    )


def _chosen() -> None:
    """Take over what was clicked: a row is an image, a column's head an order.

    A browser that asks to run again before it has taken over a selection of the page's, after a
    key was pressed, sends the one that it had before: that is no click.
    """
    before, since = st.session_state[_SET]
    if st.session_state[_KEY] == before and time.monotonic() - since < _STALE_SECONDS:
        return
    picked = st.session_state[_KEY]["selection"]
    ids: list[str] = st.session_state.get(_ORDER, [])
    if picked["rows"] and picked["rows"][0] < len(ids):
        st.session_state["desk_picked"] = ids[picked["rows"][0]]
    by = picked["columns"][0] if picked["columns"] else None
    if by != st.session_state.get(_SORT):
        st.session_state[_SORT] = by
        st.session_state["desk_sorted"] = True  # which image is next is drawn outside the table


def _row(desk: Desk, question: Question, doubles: dict[str, str]) -> tuple[str | None, ...]:
    key = question.upload.id
    name = visible(question.upload.name)
    if key in doubles:
        name = f"{name} (= {visible(doubles[key])})"
    said = desk.verdicts.get(question.subject)
    yours = _YOURS.get(said, "") if said else ""
    found = summary(question, desk)
    if found is None:
        return None, "…", "", "", yours, name
    if found.predicted is None:
        return None, "✕ none", "", "", "", name
    return (
        found.thumbnail,
        f"{mark_of_verdict(found.verdict, found.positive).symbol} {found.verdict}",
        "" if found.verdict == OUT_OF_SCOPE else f"{100 * found.probability:.0f} %",
        {True: "inside", False: "outside", None: "not tested"}[found.scope],
        yours,
        name,
    )


def _rank(desk: Desk, question: Question, by: str) -> tuple[object, ...]:
    if by == NAME:
        return (question.upload.name.casefold(),)
    found = summary(question, desk)
    if found is None or found.predicted is None:
        return (1, 0, "")
    if by == YOU:
        return (0, _YOURS.get(desk.verdicts.get(question.subject), "~"), "")  # type: ignore[arg-type]
    if by == SCOPE:
        return (0, _RANK[found.scope], "")
    if by == VERDICT:
        return (0, _suspicion(found), found.verdict)
    return (0, 2.0 if found.verdict == OUT_OF_SCOPE else -found.probability, "")


def _suspicion(found: Summary) -> int:
    """The positive class first, then what is undecided, then the others, then out of scope."""
    if found.verdict == OUT_OF_SCOPE:
        return 3
    if not has_class(found.verdict):
        return 1
    return 0 if found.verdict == found.positive else 2


def _doubles(desk: Desk, questions: list[Question]) -> dict[str, str]:
    """Images with the same pixels as an earlier one: id to that one's name."""
    asked = {question.upload.id: question for question in questions}
    first: dict[str, Upload] = {}
    found = {}
    for upload in list(desk.images.values()):
        one = summary(asked[upload.id], desk) if upload.id in asked else None
        if one is not None and one.pixels:
            same = first.setdefault(one.pixels, upload)
            if same is not upload:
                found[upload.id] = same.name
    return found


_CLICK = "Click to sort by it, again to undo."
_CONFIG = {
    IMAGE: st.column_config.ImageColumn(" ", width=44),
    VERDICT: st.column_config.TextColumn(width=108, help=_CLICK),
    PROBABILITY: st.column_config.TextColumn(
        width=50,
        help="Probability of the model's positive class, else of the most probable one; not shown "
        f"for images out of scope. {_CLICK}",
    ),
    SCOPE: st.column_config.TextColumn(
        width=66,
        help=f"Whether the image is like those that the model was trained on. {_CLICK}",
    ),
    YOU: st.column_config.TextColumn(
        width=44, help=f"What you said of the answer: ✓ agree, ✗ disagree. {_CLICK}"
    ),
    NAME: st.column_config.TextColumn(help=_CLICK),
}
