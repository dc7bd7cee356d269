"""Who is at the screen: by the sign-in, else by what they call themselves in this session."""

import streamlit as st

from core.cases.records import Actor
from core.visitors import identity_of

LOCAL_USER = "local user"
_NAME = "user_name"
_HELP = "Recorded in the trail, unchecked. Several users need the sign-in."


def who(field: str = "") -> Actor:
    """Return who works in this session.

    Parameters
    ----------
    field
        Key of the question for a name, where it may have been answered by this very click.
    """
    if name := name_signed_in():
        return Actor(name, signed_in=True)
    typed = st.session_state.get(_NAME, "")
    if field and field in st.session_state:
        typed = st.session_state[field]
    return Actor(typed.strip() or LOCAL_USER)


def ask_who(key: str) -> None:
    """Draw the question for a name, or say whom the sign-in knows."""
    if name := name_signed_in():
        st.text(f"Signed in as {name}")
        return
    st.session_state[_NAME] = st.text_input(
        "Your name",
        value=st.session_state.get(_NAME, ""),
        placeholder=LOCAL_USER,
        max_chars=100,
        key=key,
        help=_HELP,
    )


def name_signed_in() -> str:
    """Return the name that the sign-in vouches for; empty where there is no sign-in."""
    user = st.user.to_dict()
    return identity_of(user) if user.get("is_logged_in") else ""
