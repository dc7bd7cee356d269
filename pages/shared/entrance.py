"""The way into a page: always through app.py."""

import streamlit as st

_ENTERED = "through_app"


def entered() -> None:
    """Note that app.py draws the frame around the page."""
    st.session_state[_ENTERED] = True


def enter_through_app(file: str) -> None:
    """Run app.py, which has the style and the navigation, unless it is what runs this page.

    Streamlit takes every script in pages/ for a page of its own until `st.navigation` has been
    called in the process. So when the first visit after a start is to the address of a page, that
    page is run without app.py. The call ends this, and the rerun keeps the address.

    Parameters
    ----------
    file : str
        The page's own `__file__`.
    """
    if _ENTERED not in st.session_state:
        st.navigation([st.Page("app.py", default=True), st.Page(file)], position="hidden")
        st.rerun()
