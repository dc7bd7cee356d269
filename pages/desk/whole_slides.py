"""Whole slides among what was uploaded: kept on the server, and opened on the page for them."""

from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st

from core.errors import SlideError
from pages.shared.plain import as_label, quiet

SLIDES = "pages/slides.py"
SLIDE_TYPES = ["svs", "ndpi", "scn", "bif", "czi", "svslide", "mrxs", "vms", "vmu", "dcm"]
"""Of slides alone: the reader opens them, or says why not, where the user looks."""
_MAYBE = (*SLIDE_TYPES, "tif", "tiff")
_KEPT = "desk_whole_slides"


class _Kept(NamedTuple):
    id: str
    name: str


def may_be_slide(name: str) -> bool:
    """Whether a file may be a whole slide by its name."""
    return name.lower().rpartition(".")[2] in _MAYBE


def take_slides(files: Mapping[str, bytes], key: str) -> tuple[dict[str, bytes], list[str]]:
    """Keep the whole slides of some files; returns the others, and why slides were not kept.

    Parameters
    ----------
    files
        Content by name.
    key
        Of the upload: with it, what is offered goes again.
    """
    candidates = [name for name in files if may_be_slide(name)]
    if not candidates:
        return dict(files), []
    from core.slides.uploads import is_slide, keep  # noqa: PLC0415 - loads OpenSlide

    slides = {name: files[name] for name in candidates if is_slide(name, files[name])}
    others = {name: content for name, content in files.items() if name not in slides}
    if not slides:
        return others, []
    try:
        with st.spinner("Opening the slide"):
            saved = keep(slides)
    except SlideError as error:
        return others, [str(error)]
    _offered()[key] = [_Kept(slide.id, slide.name) for slide in saved]
    return others, []


def let_go(keys: list[str]) -> None:
    """Offer the slides of these uploads no longer; they stay on the list of slides."""
    for key in keys:
        _offered().pop(key, None)


def offer_slides(*, at_once: bool) -> None:
    """Draw a link to each slide; `at_once` goes to the only one instead."""
    offered = [slide for slides in _offered().values() for slide in slides]
    if at_once and len(offered) == 1:
        st.switch_page(SLIDES, query_params={"slide": offered[0].id})
    if offered:
        quiet("Whole slides are kept on this server, on the Slides page:")
    for slide in offered:
        st.page_link(
            SLIDES,
            label=f"Open {as_label(slide.name)}",
            icon=":material/open_in_full:",
            query_params={"slide": slide.id},
        )


def _offered() -> dict[str, list[_Kept]]:
    offered: dict[str, list[_Kept]] = st.session_state.setdefault(_KEPT, {})
    return offered
