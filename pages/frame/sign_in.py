"""Signing in, where it is configured: by Streamlit's OpenID Connect, `[auth]` of its secrets."""

import streamlit as st

from core.extras import is_installed
from core.hosts import known_names
from core.serving import SIGN_IN_IS_MISSING
from core.settings import get_settings
from core.visitors import may_enter
from pages.shared.plain import visible
from pages.shared.who import name_signed_in


def sign_in_is_configured() -> bool:
    """Tell whether there is a provider to sign in with."""
    return bool(st.secrets.load_if_toml_exists()) and "auth" in st.secrets


def names_of_server() -> set[str]:
    """Return the names that this server may be called by."""
    # Where the provider sends users back to is one of them.
    back = str(st.secrets["auth"].get("redirect_uri", "")) if sign_in_is_configured() else None
    return known_names(st.get_option("server.address"), back, get_settings().hosts)


def signed_in() -> bool:
    """Tell whether this user may come in; if not, draw the way in."""
    if not sign_in_is_configured():
        return True
    if st.user.is_logged_in:
        return _on_the_list()
    st.title("Sign in", anchor=False)
    if not is_installed("sign-in"):
        st.error(SIGN_IN_IS_MISSING)
        return False
    st.text("Sign in to go on.")
    st.button("Sign in", type="primary", key="sign_in", on_click=st.login)
    return False


def _on_the_list() -> bool:
    """Draw the way out; tell whoever is not on the list."""
    name = visible(name_signed_in())
    if may_enter(st.user.to_dict(), get_settings().users):
        with st.sidebar:
            st.button("Sign out", key="sign_out", on_click=st.logout, help=f"Signed in as {name}")
        return True
    st.title("Not on the list", anchor=False)
    st.text(f"You are signed in as {name}, who may not use this Lobule. Ask whoever runs it.")
    st.button("Sign out", key="sign_out", on_click=st.logout)
    return False
