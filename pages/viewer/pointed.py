"""The part of a slide that was pointed at last: where a place was clicked, or what was drawn."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.viewer.opening import SlideView
from pages.viewer.steering import Pointed

if TYPE_CHECKING:
    from core.slides.parts import Place

_PART = "slides_part"


@dataclass(frozen=True, slots=True)
class PartAsked:
    """What was pointed at, and on which of the maps."""

    pane: int
    slide_id: str
    polygon: "tuple[Place, ...]"
    """Corners in pixels of the finest level."""
    drawn: bool
    """By hand; else the field round a place."""


def note_pointed(views: list[SlideView], pointed: Pointed | None) -> None:
    """Keep what was pointed at in this run."""
    if pointed is None or pointed.pane not in range(len(views)):
        return
    view = views[pointed.pane]
    polygon, drawn = pointed.polygon, len(pointed.polygon) > 1
    if not drawn:
        field = _field(view, *polygon[0])
        if field is None:
            return
        polygon = field
    st.session_state[_PART] = PartAsked(pointed.pane, view.slide_id, polygon, drawn)


def part_asked(views: list[SlideView]) -> PartAsked | None:
    """Return what was pointed at last, if it is on show."""
    asked: PartAsked | None = st.session_state.get(_PART)
    if asked is None or asked.pane >= len(views):
        return None
    return asked if views[asked.pane].slide_id == asked.slide_id else None


def forget_part() -> None:
    """Point at nothing; for the click on a button."""
    st.session_state.pop(_PART, None)


def _field(view: SlideView, x: float, y: float) -> "tuple[Place, ...] | None":
    """Corners of the field at a place; None while nobody knows how large it would be."""
    from core.slides.parts import field_around, field_side_um  # noqa: PLC0415 - OpenCV

    if view.package is None or view.um_per_px is None:
        return None
    side = field_side_um(view.package.card.input) / view.um_per_px
    return field_around(x, y, side, (view.info.width, view.info.height))
