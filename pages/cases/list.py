"""The table of cases: searched, filtered, sorted; a click opens one."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from core.cases.records import UNJUDGED, Case, CaseFilter, Verdict
from pages.cases.words import answers_in_short, counted, verdicts_in_short
from pages.shared.plain import quiet, visible

if TYPE_CHECKING:
    from core.cases.store import Store

OPEN = "case"
_TURN = "worklist_turn"


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


def show_list(cases: tuple[Case, ...], total: int, wanted: CaseFilter) -> None:
    """Draw the table, or say why there is none."""
    if not cases and wanted == CaseFilter():
        st.text("No cases yet. Save one on Diagnose.")
        return
    if not cases:
        st.text("No case matches the filters on the left.")
        return
    images = sum(len(case.images) for case in cases)
    more = f"The newest {len(cases):,} of {total:,} cases" if total > len(cases) else None
    quiet(
        f"{more or counted(len(cases), 'case')} · {counted(images, 'image')}. Click a case to open "
        "it, a heading to sort."
    )
    # A table of its own after each return: a click that was followed is no click any more.
    turn = st.session_state.setdefault(_TURN, 0)
    picked = st.dataframe(
        _columns(cases),
        key=f"worklist-{turn}-{hash(cases)}",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-cell",
        placeholder="",
        column_config=_CONFIG | {"Saved": _local_time()},
        alt="Cases with their answers and verdicts",
    )
    if cells := picked["selection"]["cells"]:
        open_case(cases[cells[0][0]].id)
        st.rerun()


def show_tombstones(cases: tuple[Case, ...]) -> None:
    """Draw what is left of deleted cases."""
    if not cases:
        st.text("No case was ever deleted.")
        return
    quiet("Its number and its trail stay. Click one to read it.")
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

    said = {image.sha256: image.answers[0].said for image in case.images if image.answers}
    return visible(word_of_case(list(said.values()))) if said else ""


def _columns(cases: tuple[Case, ...]) -> dict[str, list[object]]:
    return {
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


_CONFIG = {
    "Case's answer": st.column_config.TextColumn(
        width=120, help="A class if more than half of its images are called that, and none another."
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
