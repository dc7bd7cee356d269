"""What stands on the Diagnose page while there is no image."""

import streamlit as st

from core.registry.card_words import summary_of
from core.registry.package import Package
from pages.desk.uploads import PHANTOM_IS, phantom_button
from pages.shared.plain import as_html, notice

IS_GONE = (
    "The images of this address are gone: Lobule was restarted, 12 hours passed, or others "
    "needed the room. Saved cases are in the worklist."
)
_SEEN, _YES = "lobule-hint-seen", "yes"
_HINT = (
    '<div class="lobule-notice lobule-note"><div><b>New here?</b> Try the phantom: an answer '
    "without a patient. An outcome is a class, <i>undecided</i> or <i>out of scope</i>, with "
    "the reason. J and K go through the images of a case, A and D say whether you "
    "agree.</div></div>"
)
# Kept by the browser, since several people may use one server; 400 days are the most that it keeps.
_KEEP = (
    f"<script>document.cookie = '{_SEEN}={_YES}; max-age={400 * 86400}; path=/; samesite=strict'"
    "</script>"
)


def invite(package: Package) -> None:
    """Say what to do and what the model is for; shown while there is no image."""
    if st.session_state.get("desk_is_gone"):
        notice(IS_GONE)
    _show_hint()
    st.title("Drop images, get answers", anchor=False)
    good = "".join(f"<li>{as_html(text)}</li>" for text in package.card.good_for)
    bad = "".join(f"<li>{as_html(text)}</li>" for text in package.card.not_for)
    st.html(
        '<ol class="lobule-list lobule-steps"><li>Add one or several images on the left.</li>'
        "<li>State the scale, if the file does not.</li>"
        "<li>Read the answer beside the map of what drove it.</li></ol>"
    )
    phantom_button("try_phantom", primary=True)
    st.caption(PHANTOM_IS)
    st.html(
        f'<div class="lobule-text"><h3>The model: {as_html(package.card.title)}</h3>'
        f"<p>{as_html(summary_of(package.card))}</p></div>"
        f'<div class="lobule-two"><div><h3>Good for</h3><ul class="lobule-list">{good}</ul></div>'
        f'<div><h3>Not for</h3><ul class="lobule-list">{bad}</ul></div></div>'
    )


def _show_hint() -> None:
    """Draw what somebody should know at the first visit, unless it was put away in this browser."""
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
