"""The table of cases: searched, filtered, sorted; a click opens one."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.cases.records import UNJUDGED, Case, CaseFilter, Damaged, Verdict
from core.counts import counted
from core.rights import Deed, who_acts
from pages.cases.images import small_picture
from pages.cases.words import answers_in_short, verdicts_in_short
from pages.shared.marked_table import Selection, show_marked_table
from pages.shared.plain import notice, quiet, visible

if TYPE_CHECKING:
    from core.cases.read import Listing
    from core.cases.store import Store

OPEN = "case"
_TURN, _SORT, _MARKED = "worklist_turn", "worklist_sort", "worklist_marked"
_ROW = 44


def ask_filter(store: "Store") -> CaseFilter:
    """Draw the search and the filters."""
    from core.cases.read import choices  # noqa: PLC0415 - SQLAlchemy

    options = choices(store)
    text = st.text_input(
        "Search",
        key="worklist_text",
        placeholder="case, patient, name or note",
        max_chars=200,
        help="Any part of it.",
    )
    answer = _choose("Answer", options.said, "answer", "On at least one image.")
    model = _choose("Model", options.models, "model", "A model that answered.")
    verdicts = (*(verdict.value for verdict in Verdict), UNJUDGED)
    verdict = _choose("Verdict", verdicts, "verdict", "The pathologist's, on at least one image.")
    since = st.date_input("Saved from", None, key="worklist_since", help="In UTC.")
    until = st.date_input("Saved until", None, key="worklist_until", help="In UTC.")
    return CaseFilter(text, answer, model, verdict, since, until)


def show_list(images: Path, listing: "Listing", wanted: CaseFilter) -> None:
    """Draw the table, or say why there is none; `images` is the store's folder."""
    cases, damaged, total = listing.cases, listing.damaged, listing.total
    listed = len(cases) + len(damaged)
    if not listed and wanted == CaseFilter():
        may_save = who_acts().may(Deed.SAVE)
        st.text(
            "No cases yet. Save one on Diagnose." if may_save else "No case is shared with you yet."
        )
        return
    if not listed:
        st.text("No case matches the filters on the left.")
        return
    number = sum(len(case.images) for case in cases)
    more = f"The newest {listed:,} of {total:,} cases" if total > listed else None
    quiet(f"{more or counted(listed, 'case')} · {counted(number, 'image')}.")
    _tell_of(damaged)
    columns = _columns(images, cases, damaged)
    by = st.session_state.get(_SORT)
    by = by if by in columns and by != _PICTURE else None
    order = list(range(listed))
    if by:
        order.sort(key=lambda place: _folded(columns[by][place]))
    ids = [columns["Case"][place] for place in order]
    marked = st.session_state.get(_MARKED)
    row = ids.index(marked) if marked in ids else 0
    _ask_keys(ids, row)

    def clicked(selection: Selection) -> None:
        column = selection["columns"][0] if selection["columns"] else None
        if selection["cells"]:
            open_case(ids[selection["cells"][0][0]])
        elif column != by:
            st.session_state[_SORT] = column
        elif selection["rows"]:
            st.session_state[_MARKED] = ids[selection["rows"][0]]

    # A table of its own after each return: a click that was followed is no click any more.
    turn = st.session_state.setdefault(_TURN, 0)
    show_marked_table(
        {title: [column[place] for place in order] for title, column in columns.items()},
        f"worklist-{turn}",
        {"rows": [row], "columns": [by] if by else [], "cells": []},
        clicked,
        row_height=_ROW,
        column_config=_CONFIG | {"Saved": _local_time()},
        alt="Cases with their answers and verdicts",
    )


def _ask_keys(ids: list[str], row: int) -> None:
    """Draw the buttons that go along the table and open a case."""
    with st.container(horizontal=True, gap="small"):
        for title, key, to in (("Previous", "K", row - 1), ("Next", "J", row + 1)):
            st.button(
                title,
                key=f"worklist_{title}",
                shortcut=key,
                disabled=not 0 <= to < len(ids),
                on_click=_put_mark,
                args=(ids, to),
            )
        st.button("Open", key="worklist_open", shortcut="O", on_click=open_case, args=(ids[row],))


def _put_mark(ids: list[str], row: int) -> None:
    st.session_state[_MARKED] = ids[min(max(row, 0), len(ids) - 1)]


def _folded(cell: Any) -> Any:
    return cell is not None, cell.casefold() if isinstance(cell, str) else cell or 0


def _tell_of(damaged: tuple[Damaged, ...]) -> None:
    """Say which cases cannot be read, and of the first one why."""
    if not damaged:
        return
    others = ", ".join(each.id for each in damaged[1:])
    more = f" Damaged as well: {others}." if others else ""
    notice(f"{damaged[0].words}{more}", "error")


def show_tombstones(listing: "Listing") -> None:
    """Draw what is left of deleted cases."""
    cases = listing.cases
    _tell_of(listing.damaged)
    if not cases:
        st.text("No deleted cases.")
        return
    quiet("Number and trail are kept. Click a case to read its trail.")
    turn = st.session_state.setdefault(_TURN, 0)
    picked = st.dataframe(
        {
            "Case": [case.id for case in cases],
            "Saved": [case.created_at for case in cases],
            "By": [visible(case.created_by) for case in cases],
            "Deleted": [case.deleted_at for case in cases],
        },
        key=f"tombstones-{turn}-{len(cases)}",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-cell",
        column_config=dict.fromkeys(("Saved", "Deleted"), _local_time()),
        alt="Deleted cases",
    )
    if cells := picked["selection"]["cells"]:
        open_case(cases[cells[0][0]].id)
        st.rerun()


def open_case(case_id: str | None) -> None:
    """Show a case from the next run on, or the list where it is None; it stands in the address."""
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    if case_id is None:
        st.query_params.pop(OPEN, None)
    else:
        st.query_params[OPEN] = case_id
        st.session_state[_MARKED] = case_id  # where one goes on after the way back


def _choose(title: str, values: tuple[str, ...], key: str, words: str) -> str | None:
    return st.selectbox(
        title,
        (None, *values),
        format_func=lambda value: "All" if value is None else visible(value),
        key=f"worklist_{key}",
        help=words,
    )


def _word(case: Case) -> str:
    """What the first model says of the case, by `core.inference.case.RULE`."""
    from core.inference.case import word_of_case  # noqa: PLC0415 - NumPy

    outcomes = {image.sha256: image.answers[0].said for image in case.images if image.answers}
    return visible(word_of_case(list(outcomes.values()))) if outcomes else ""


def _columns(
    images: Path, cases: tuple[Case, ...], damaged: tuple[Damaged, ...]
) -> dict[str, list[Any]]:
    """Return the cells of each column, those of damaged cases first."""
    columns = _sound_columns(images, cases)
    values: dict[str, Any] = {
        "Answers": "damaged",
        "Verdicts": "damaged",
        "Images": None,
        "Saved": None,
    }
    return {
        title: [
            *(each.id if title == "Case" else values.get(title, "") for each in damaged),
            *cells,
        ]
        for title, cells in columns.items()
    }


def _sound_columns(images: Path, cases: tuple[Case, ...]) -> dict[str, list[Any]]:
    return {
        _PICTURE: [
            small_picture(str(images), case.images[0].sha256) if case.images else ""
            for case in cases
        ],
        "Case": [case.id for case in cases],
        "Patient": [visible(case.patient) for case in cases],
        "Images": [len(case.images) for case in cases],
        "Case's answer": [_word(case) for case in cases],
        "Answers": [visible(answers_in_short(case.images)) for case in cases],
        "Verdicts": [visible(verdicts_in_short(case.images)) for case in cases],
        "Models": [
            visible(", ".join(dict.fromkeys(a.model for i in case.images for a in i.answers)))
            for case in cases
        ],
        "Saved": [case.created_at for case in cases],
        "By": [visible(case.created_by) for case in cases],
    }


def _local_time() -> Any:
    """How a moment is shown: by the clock of the browser."""
    return st.column_config.DatetimeColumn(
        format="YYYY-MM-DD HH:mm", timezone=st.context.timezone, width=130, help="Your local time."
    )


_PICTURE = " "
_CONFIG = {
    _PICTURE: st.column_config.ImageColumn(width=44, help="The first image."),
    "Case's answer": st.column_config.TextColumn(
        width=120, help="A class if more than half of its images are called that and none another."
    ),
    "Case": st.column_config.TextColumn(pinned=True, width=95),
    "Patient": st.column_config.TextColumn(width=90, help="A pseudonym."),
    "Images": st.column_config.NumberColumn(format="localized", width=65),
    "Answers": st.column_config.TextColumn(
        width=220,
        help="By the first model.",
    ),
    "Verdicts": st.column_config.TextColumn(width=220, help="The pathologist's."),
}
