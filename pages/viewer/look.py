"""How maps lie over slides: how opaque, in which colours, with or without their outline."""

from dataclasses import dataclass

import streamlit as st

from pages.shared.maps import OPACITY

_OUTLINE_HELP = "Round what reaches the model's decision threshold."


@dataclass(frozen=True, slots=True)
class MapLook:
    """How a map is to be laid over a slide."""

    opacity: float
    """Where it is highest, in [0, 1]."""
    colours: str
    """One of `core.imaging.overlay.COLOUR_MAPS`."""
    outlined: bool
    linked: bool
    """Whether two maps beside each other move together."""


def ask_look(*, two: bool) -> MapLook:
    """Draw the controls; `two` for those of two maps beside each other."""
    from core.imaging.overlay import COLOUR_MAPS  # noqa: PLC0415 - OpenCV, not needed to draw a page

    linked = two and st.toggle(
        "Move together",
        value=True,
        key="slides_linked",
        help="Off: each moves alone. On again: what is in the middle of both stays together.",
    )
    opacity = st.slider("Opacity of the map, %", 0, 100, OPACITY, 5, key="slides_opacity")
    outlined = st.toggle("Outline", value=True, key="slides_outline", help=_OUTLINE_HELP)
    colours = st.selectbox(
        "Colours", COLOUR_MAPS, key="slides_colours", help="All are safe for colour-blind eyes."
    )
    return MapLook(opacity / 100, colours, outlined, linked)
