"""The part of a slide that was pointed at last: where a place was clicked, or what was drawn."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.viewer.opening import SlideView
from pages.viewer.steering import Going, Pointed

if TYPE_CHECKING:
    from core.slides.parts import Place

_PART, _GO = "slides_part", "slides_going"


@dataclass(frozen=True, slots=True)
class PartAsked:
    """What was pointed at, and on which of the maps."""

    pane: int
    slide_id: str
    polygon: "tuple[Place, ...]"
    """Corners in pixels of the finest level."""
    drawn: bool
    """By hand; else the field round a place."""


def note_pointed(views: list[SlideView], pointed: Pointed | None) -> bool:
    """Keep what was pointed at since the last run; returns whether anything was."""
    if pointed is None or pointed.pane not in range(len(views)):
        return False
    view = views[pointed.pane]
    polygon, drawn = pointed.polygon, len(pointed.polygon) > 1
    if not drawn:
        field = _field(view, *polygon[0])
        if field is None:
            return False
        polygon = field
    st.session_state[_PART] = PartAsked(pointed.pane, view.slide_id, polygon, drawn)
    return True


def go_to(view: SlideView, pane: int, x: float, y: float) -> None:
    """Show a place and point at the field there; for the click on a button."""
    field = _field(view, x, y)
    if field is None:
        return
    st.session_state[_PART] = PartAsked(pane, view.slide_id, field, drawn=False)
    side = max(corner[0] for corner in field) - min(corner[0] for corner in field)
    st.session_state[_GO] = Going(time.time_ns() // 1000, pane, x, y, side)


def going() -> Going | None:
    """Return where the view is to go; the browser goes there once."""
    to: Going | None = st.session_state.get(_GO)
    return to


def part_asked(views: list[SlideView]) -> PartAsked | None:
    """Return what was pointed at last, if it is on show."""
    part: PartAsked | None = st.session_state.get(_PART)
    if part is None or part.pane >= len(views):
        return None
    return part if views[part.pane].slide_id == part.slide_id else None


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
