"""What the model says of the part of a slide that was pointed at."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.jobs import show_progress
from pages.shared.maps import MAP_HELP, OPACITY, View, choose_map, draw_map
from pages.shared.outcome import show_outcome
from pages.shared.plain import as_label, notice, quiet
from pages.viewer.keep import offer_region
from pages.viewer.opening import SlideView
from pages.viewer.part_job import answer_part
from pages.viewer.pointed import PartAsked, forget_part, part_asked
from pages.viewer.unknown_scale import ask_scale

if TYPE_CHECKING:
    from core.diagnosis import Diagnosis

_OWN_TILES = (
    "Cut into tiles of its own, so values can differ a little from the slide's map. Pixels of the "
    "finest level, from the top left corner."
)
_INVITATION = (
    "Click a place: the model answers the field there. Or draw a box or a lasso with the tools in "
    "the corner of the map."
)


def show_notes(views: list[SlideView]) -> None:
    """Draw what else to know of the slides' files."""
    from core.slides.pyramid import damage_words  # noqa: PLC0415 - OpenCV, not needed for the list
    from core.slides.serving import THUMBNAIL  # noqa: PLC0415

    notes = [
        note
        for view in views
        for note in (*view.info.notes, damage_words(view.slide, THUMBNAIL))
        if note
    ]
    for note in dict.fromkeys(notes):
        notice(note)


def show_part(views: list[SlideView]) -> None:
    """Draw the answer to the part that was pointed at, or say how to point."""
    for view in views:
        if view.um_per_px is None:
            ask_scale(view)
            return
    part = part_asked(views)
    if part is None:
        quiet(_INVITATION)
        return
    view = views[part.pane]
    job = answer_part(view, part.polygon)
    if job is None:
        return
    _show_head(view, part)
    if job.running:
        show_progress(job, job.visible, key="slides_part_stop")
    elif job.error:
        notice(job.error, "error")
    elif job.stopped:
        notice("Stopped before it was answered.", "note")
        if st.button("Go on", key="slides_part_again"):
            answer_part(view, part.polygon, anew=True)
            st.rerun()
    elif job.diagnosis is not None:
        _show_answer(job.diagnosis)
        offer_region(view, part.polygon)


def _show_head(view: SlideView, part: PartAsked) -> None:
    """Say what is answered: where, and how large it is."""
    (left, right), (top, bottom) = (
        (min(values), max(values)) for values in zip(*part.polygon, strict=True)
    )
    um = view.um_per_px or 1.0
    size = f"{(right - left) * um:,.0f} × {(bottom - top) * um:,.0f} µm"
    kind = "Region" if part.drawn else "Field"
    model = view.package.card.title if view.package else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f"<h3>{kind}, {size}</h3>", width="stretch")
        st.button("Close", key="slides_part_close", on_click=forget_part)
    middle = f"{(left + right) / 2:,.0f}, {(top + bottom) / 2:,.0f}"
    st.caption(f"Middle at {middle} px · {as_label(model)}", help=_OWN_TILES)


def _show_answer(diagnosis: "Diagnosis") -> None:
    show_outcome(diagnosis)
    for warning in diagnosis.warnings:
        notice(warning)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text("Map", help=MAP_HELP, width="content")
        name, values = choose_map(diagnosis, "slides_part_map")
    draw_map(diagnosis, name, values, View(OPACITY / 100, "viridis", 0.0), "slides_part_figure")
