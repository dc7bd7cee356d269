"""Models: what is on the shelf, how far each may be trusted, and looking after them."""

import streamlit as st

from core.errors import LobuleError, PackageError
from core.registry.shelf import active_name, best_first, shelf
from core.rights import Deed, who_acts
from pages.shared.entrance import enter_through_app
from pages.shared.plain import notice
from pages.shelf.actions import ask_for_model
from pages.shelf.brought import show_brought
from pages.shelf.encoders import show_encoders
from pages.shelf.ensemble import ask_for_ensemble
from pages.shelf.entry import show_broken, show_model


def show_page() -> None:
    """Draw every model, the best first."""
    brought = None
    if who_acts().may(Deed.CHANGE_MODELS):
        with st.sidebar:
            brought = ask_for_model()
            ask_for_ensemble()
    st.title("Models", anchor=False)
    if message := st.session_state.pop("shelf_told", None):
        notice(message, "note")
    if brought:
        show_brought(brought)
    entries = shelf()
    try:
        active = active_name()
    except PackageError as error:
        notice(str(error), "error")
        active = ""
    for entry in best_first():
        if entry.package:
            show_model(entry, entry.package, active=entry.name == active)
    for entry in entries:
        if entry.error:
            show_broken(entry, entry.error)
    show_encoders(asks_for_data=brought is not None)


enter_through_app(__file__)
try:
    show_page()
except LobuleError as error:  # a setting that cannot be used
    notice(str(error), "error")
