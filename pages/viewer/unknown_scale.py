"""The question for the scale of a slide that states none; the answer is kept for the slide."""

from functools import partial

import streamlit as st

from core.errors import LobuleError
from core.imaging.scale import HIGHEST, LOWEST
from pages.shared.how_taken import ask_how_taken
from pages.shared.plain import notice
from pages.viewer.opening import SlideView

_REFUSAL = "slides_scale_refused"


def ask_scale(view: SlideView) -> None:
    """Draw the question, with a picture of each objective."""
    stated = f" It {view.info.scale_words}." if view.info.scale_words else ""
    notice(
        f"{view.info.name} states no scale that can be used.{stated} Without one there are no "
        "distances and no answers.",
        "note",
    )
    if refusal := st.session_state.pop(_REFUSAL, None):
        notice(refusal, "error")
    fingerprint = view.info.fingerprint
    ask_how_taken(partial(_state, fingerprint))
    key = f"slides_scale_{fingerprint}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        um_per_px = st.number_input(
            "Or its scale, µm/px",
            min_value=LOWEST,
            max_value=HIGHEST,
            value=None,
            step=0.05,
            format="%.3g",
            key=key,
            width=180,
            help="As the scanner states it. It is remembered for this slide.",
        )
        st.button(
            "Use it",
            key="slides_scale_use",
            disabled=um_per_px is None,
            on_click=_state,
            args=(fingerprint, um_per_px),
        )


def _state(fingerprint: str, um_per_px: float | None) -> None:
    from core.slides.stated_scale import state_scale  # noqa: PLC0415 - not needed to draw a page

    if um_per_px is None:
        return
    try:
        state_scale(fingerprint, um_per_px)
    except LobuleError as error:
        st.session_state[_REFUSAL] = str(error)
