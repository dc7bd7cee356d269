"""Worklist: the cases that were kept, to find, judge, ask again, export or delete."""

from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from pages.cases.exports import show_exports
from pages.cases.list import OPEN, ask_filter, open_case, show_list, show_tombstones
from pages.cases.view import show_case
from pages.shared.entrance import enter_through_app
from pages.shared.plain import notice

if TYPE_CHECKING:
    from core.cases.store import Store

VIEWS = ("Cases", "Deleted")


def show_worklist(store: "Store") -> None:
    """Draw the list of cases, or of deleted ones."""
    from core.cases.read import find_cases, tombstones  # noqa: PLC0415 - SQLAlchemy

    with st.sidebar:
        view = st.segmented_control(
            "Show", VIEWS, default=VIEWS[0], required=True, key="worklist_view"
        )
        wanted = ask_filter(store) if view == VIEWS[0] else None
    st.title("Worklist", anchor=False)
    if wanted is None:
        show_tombstones(tombstones(store))
        return
    page = find_cases(store, wanted)
    show_list(store.images, page, wanted)
    if page.cases or page.damaged:
        show_exports(store, page)


def show() -> None:
    """Draw the case that the address names, or the list."""
    from core.cases.store import open_store  # noqa: PLC0415 - SQLAlchemy

    try:
        store = open_store()
        if OPEN not in st.query_params:
            show_worklist(store)
            return
        show_case(store, st.query_params[OPEN])
    except LobuleError as error:
        notice(str(error), "error")
        if OPEN in st.query_params and st.button("To the list of cases", key="to_list"):
            open_case(None)
            st.rerun()


enter_through_app(__file__)
show()
