"""What somebody should know at the first visit; gone for good once they say so."""

import streamlit as st

_SEEN, _YES = "lobule-hint-seen", "yes"
_HINT = (
    '<div class="lobule-notice lobule-note"><div><b>New here?</b> The phantom below shows how an '
    "answer looks, without a patient. The word beside an image is the verdict: a class, "
    "<i>undecided</i>, or <i>out of scope</i>, with the reason. Several images are a case: J and K "
    "go through them, A and D say whether you agree. About tells what Lobule is not.</div></div>"
)
# Kept by the browser, since several people may use one server; 400 days are the most that it keeps.
_KEEP = (
    f"<script>document.cookie = '{_SEEN}={_YES}; max-age={400 * 86400}; path=/; samesite=strict'"
    "</script>"
)


def show_hint() -> None:
    """Draw the hint unless it was put away in this browser."""
    if st.context.cookies.get(_SEEN) == _YES:
        return
    if st.session_state.get(_SEEN):
        st.html(_KEEP, unsafe_allow_javascript=True)
        return
    with st.container(horizontal=True, vertical_alignment="center", key="hint"):
        st.html(_HINT)
        st.button("Got it", key="hint_seen", on_click=_put_away)


def _put_away() -> None:
    st.session_state[_SEEN] = True
