"""The token of the images in work, kept in the address so that a refresh of any page finds them."""

import streamlit as st

PARAMETER = "desk"
_HOLDS_IMAGES = "desk_holds_images"


def token() -> str:
    """Return this window's token, else that of its address; empty if neither has one."""
    return str(st.session_state.get(PARAMETER) or st.query_params.get(PARAMETER, ""))


def keep_token(value: str, *, holds_images: bool) -> None:
    """Note the token of this window; it stands in the address while there are images."""
    st.session_state[PARAMETER] = value
    st.session_state[_HOLDS_IMAGES] = holds_images
    keep_in_address()


def keep_in_address() -> None:
    """Put the token into the address of the page that is drawn, whichever it is.

    After a refresh of a page that shows no images the way back leads to them all the same.
    """
    if PARAMETER not in st.session_state and PARAMETER in st.query_params:
        st.session_state[PARAMETER] = st.query_params[PARAMETER]
        st.session_state[_HOLDS_IMAGES] = True
    if st.session_state.get(_HOLDS_IMAGES):
        st.query_params[PARAMETER] = st.session_state[PARAMETER]
    elif PARAMETER in st.query_params and PARAMETER in st.session_state:
        del st.query_params[PARAMETER]
