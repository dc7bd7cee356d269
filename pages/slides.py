"""Slides: whole slides to look at, to point at, and to have answered."""

import streamlit as st

from core.errors import LobuleError
from pages.shared.entrance import enter_through_app
from pages.shared.plain import notice
from pages.viewer.answering import show_slide_answers
from pages.viewer.choice import (
    ask_beside,
    ask_model,
    chosen_slide,
    go_to_list,
    keep_chosen,
    open_chosen,
)
from pages.viewer.list import show_list
from pages.viewer.look import ask_look
from pages.viewer.part import show_notes, show_part
from pages.viewer.view import show_view


def show_page() -> None:
    """Draw the slide that the address names, or the list."""
    slide_id = chosen_slide()
    if slide_id is None:
        show_list()
        return
    with st.sidebar:
        st.button("All slides", icon=":material/arrow_back:", key="to_list", on_click=go_to_list)
        model = ask_model()
    first = open_chosen(slide_id, model)
    with st.sidebar:
        second = ask_beside(first)
        look = ask_look(two=second is not None)
    keep_chosen()
    views = [first, second] if second else [first]
    with st.container(key="viewer"):
        with st.container(key="viewer_maps"):
            show_view(views, look)
        with st.container(key="viewer_part"):
            show_notes(views)
            show_part(views)
            show_slide_answers(views)


enter_through_app(__file__)
try:
    show_page()
except LobuleError as error:
    notice(str(error), "error")
