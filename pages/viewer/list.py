"""The slides that can be opened, as pictures; and how more of them come in."""

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from pages.shared.plain import as_label, notice, quiet
from pages.viewer.addresses import thumbnail
from pages.viewer.archive import offer_archive
from pages.viewer.choice import go_to_slide
from pages.viewer.removal import offer_removal

if TYPE_CHECKING:
    from core.slides.roots import SlideFile

MOST_SHOWN = 60
_EMPTY = (
    "Slides are opened where they lie: name the folder that holds them in LOBULE_SLIDES and start "
    "Lobule again. Several folders are divided as in PATH. A small slide can be uploaded on the "
    "left."
)
_UPLOAD_HELP = (
    "It stays on this server, and whoever may come in sees it. Large slides: LOBULE_SLIDES."
)
_TURN, _REFUSAL = "slides_upload_turn", "slides_upload_refused"


def show_list() -> None:
    """Draw all slides, or say how some come in."""
    from core.slides.names import names_of  # noqa: PLC0415 - not needed to draw a page
    from core.slides.roots import list_slides  # noqa: PLC0415

    with st.sidebar:
        _ask_for_upload()
        offer_archive()
    slides = list_slides()
    st.title("Slides", anchor=False)
    if not slides:
        st.html('<p class="lobule-text">There is no slide here yet.</p>')
        quiet(_EMPTY)
        return
    wanted, names = slides, names_of(slides)
    if len(slides) > MOST_SHOWN:
        text = st.sidebar.text_input("Search", key="slides_search", placeholder="part of a name")
        wanted = [slide for slide in slides if text.lower() in names[slide.id].lower()]
    several = "1 slide" if len(slides) == 1 else f"{len(slides):,} slides"
    shown = f"The first {MOST_SHOWN} of {len(wanted):,}" if len(wanted) > MOST_SHOWN else several
    quiet(f"{shown}." if wanted else "No slide has this in its name.")
    with st.container(horizontal=True, gap="medium", key="slides"):
        for slide in wanted[:MOST_SHOWN]:
            _show_slide(slide, names[slide.id])


def _show_slide(slide: "SlideFile", name: str) -> None:
    with st.container(width=210):
        # A slide that cannot be opened has no picture; to open it says why.
        st.html(
            f'<div class="lobule-slide"><img loading="lazy" alt="" '
            f'src="{escape(thumbnail(slide.id), quote=True)}"></div>'
        )
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.button(
                as_label(name),
                key=f"slide-{slide.id}",
                width="stretch",
                on_click=go_to_slide,
                args=(slide.id,),
            )
            offer_removal(slide)


def _ask_for_upload() -> None:
    """Draw the uploader; what comes in is on the list from then on."""
    from core.slides.uploads import UPLOADED, keep  # noqa: PLC0415 - OpenSlide

    turn = st.session_state.setdefault(_TURN, 0)
    files = st.file_uploader(
        "Add a slide",
        type=list(UPLOADED),
        accept_multiple_files=True,
        key=f"slides_upload_{turn}",
        help=_UPLOAD_HELP,
    )
    if refusal := st.session_state.pop(_REFUSAL, None):
        notice(refusal, "error")
    if not files:
        return
    try:
        keep({file.name: file.getbuffer() for file in files})
    except LobuleError as error:
        st.session_state[_REFUSAL] = str(error)
    st.session_state[_TURN] = turn + 1  # the uploader is empty again
    st.rerun()
