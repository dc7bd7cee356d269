"""What each model says of a kept case as a whole."""

from typing import TYPE_CHECKING

import streamlit as st

from core.cases.records import Case
from core.errors import LobuleError
from pages.shared.plain import notice, visible

if TYPE_CHECKING:
    from core.cases.store import Store


def show_whole(store: "Store", case: Case) -> None:
    """Draw a sentence a model, by the rule that the Diagnose page goes by."""
    try:
        told = _told(str(store.images), case.id, case.version, store, case)
    except LobuleError as error:
        notice(str(error), "error")
        return
    if not told:
        return
    from core.inference.case import RULE  # noqa: PLC0415 - NumPy

    for words in told:
        st.text(visible(words), help=RULE)


# The store's folder tells stores apart; a change of the case makes a new version of it.
@st.cache_data(max_entries=20, show_spinner=False)
def _told(images: str, case_id: str, version: int, _store: "Store", _case: Case) -> list[str]:  # noqa: ARG001 - what the answer is kept under
    from core.cases.read import full_answer  # noqa: PLC0415 - SQLAlchemy
    from core.cases.report_case import case_answers  # noqa: PLC0415 - NumPy

    ids = [answer.id for image in _case.images for answer in image.answers]
    return case_answers(_case, {answer_id: full_answer(_store, answer_id) for answer_id in ids})
