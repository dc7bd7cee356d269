"""What somebody should know at the first visit; gone for good once they say so."""

import streamlit as st

from core.settings import get_settings

_SEEN = "hint-seen"
_HINT = (
    '<div class="lobule-notice lobule-note"><div><b>New here?</b> The phantom below shows how an '
    "answer looks, without a patient. The word beside an image is the verdict: a class, "
    "<i>undecided</i>, or <i>out of scope</i>, with the reason. Several images are a case: J and K "
    "go through them, A and D say whether you agree. About tells what Lobule is not.</div></div>"
)


def show_hint() -> None:
    """Draw the hint unless it was put away on this machine."""
    seen = get_settings().home / _SEEN
    if st.session_state.get(_SEEN) or seen.exists():
        return
    with st.container(horizontal=True, vertical_alignment="center", key="hint"):
        st.html(_HINT)
        st.button("Got it", key="hint_seen", on_click=_put_away)


def _put_away() -> None:
    st.session_state[_SEEN] = True
    seen = get_settings().home / _SEEN
    try:
        seen.parent.mkdir(parents=True, exist_ok=True)
        seen.touch()
    except OSError:  # it comes back with the next window, which is no harm
        return
