"""A case's report as a PDF, made when it is asked for."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from core.cases.records import Case
from core.errors import LobuleError
from pages.shared.plain import notice, quiet
from pages.shared.who import ask_who, who

if TYPE_CHECKING:
    from core.cases.store import Store

_MADE = "made_report"
_MEGABYTE = 1_000_000


def offer_report(store: "Store", case: Case) -> None:
    """Draw the button that opens the dialog."""
    words = "The case as a PDF to print or to hand on."
    if st.button("Report", key="report", help=words):
        st.session_state.pop(_MADE, None)
        _dialog(store, case)


@st.dialog("Report as PDF")
def _dialog(store: "Store", case: Case) -> None:
    quiet(
        "Images with their heatmaps, answers with their uncertainty, your verdicts and notes, and "
        "what is known of the models. It can be read in black and white."
    )
    ask_who("report_user")
    if st.button("Make the report", key="make_report", type="primary", width="stretch"):
        _make(store, case)
    if made := st.session_state.get(_MADE):
        st.download_button(
            f"Save the report, {len(made) / _MEGABYTE:.1f} MB",
            made,
            f"case {case.id}.pdf",
            "application/pdf",
            key="save_report",
            width="stretch",
            on_click="ignore",
        )


def _make(store: "Store", case: Case) -> None:
    from core.cases.report import report_pdf  # noqa: PLC0415 - SQLAlchemy

    bar = st.progress(0.0, text="Reading the case")

    def progress(share: float, words: str) -> None:
        bar.progress(share, text=words)

    try:
        st.session_state[_MADE] = report_pdf(
            store, case, made_at=datetime.now(UTC), made_by=who(), progress=progress
        )
    except LobuleError as error:
        notice(str(error), "error")
    bar.empty()
