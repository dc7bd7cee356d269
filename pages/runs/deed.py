"""What is done with a run or a sweep at the press of a button."""

from collections.abc import Callable

import streamlit as st

from core.errors import LobuleError
from pages.shared.plain import notice


def do(job: str, deed: Callable[[], object], note: str | None = None) -> None:
    """Do it, keep what went wrong for the next drawing, and draw everything again.

    Parameters
    ----------
    job
        The id of the run or sweep.
    deed
        Raises LobuleError where it cannot be done.
    note
        Key of the session that is set once it is done.
    """
    try:
        deed()
    except LobuleError as error:
        st.session_state[f"error-{job}"] = str(error)
    else:
        if note:
            st.session_state[note] = True
    st.rerun()


def say_what_went_wrong(job: str) -> None:
    """Show the error of the last deed, once."""
    if error := st.session_state.pop(f"error-{job}", None):
        notice(error, "error")
