"""The way to delete a slide that was uploaded or fetched; it asks first."""

from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from pages.shared.plain import notice, visible

if TYPE_CHECKING:
    from core.slides.roots import SlideFile

_FATE = (
    "The file on this server is deleted for good. Cases that were saved from it stay in the "
    "worklist."
)
_ANSWERS_HELP = "Unticked, they stay, and belong to the slide again should it come back."


def offer_removal(slide: "SlideFile") -> None:
    """Draw the button that deletes a slide; none below LOBULE_SLIDES has one."""
    from core.slides.answering.removal import is_removable  # noqa: PLC0415 - not needed to draw a page

    if is_removable(slide) and st.button(
        "",
        icon=":material/delete:",
        key=f"delete-{slide.id}",
        type="tertiary",
        help="Delete this slide from the server",
    ):
        _ask(slide.id)


@st.dialog("Delete this slide?")
def _ask(slide_id: str) -> None:
    from core.slides.answering.removal import remove, what_goes  # noqa: PLC0415

    try:
        going = what_goes(slide_id)
    except LobuleError as error:
        notice(str(error), "error")
        return
    st.text(visible(", ".join(slide.name for slide in going.slides)))
    st.text(_FATE)
    several = "answer" if len(going.answers) == 1 else f"{len(going.answers):,} answers"
    answers = bool(going.answers) and st.checkbox(
        f"Delete its {several}, too", value=True, key="slides_delete_answers", help=_ANSWERS_HELP
    )
    if st.button("Delete for good", type="primary", key="slides_delete_now", width="stretch"):
        try:
            remove(slide_id, answers=answers)
        except LobuleError as error:
            notice(str(error), "error")
        else:
            st.rerun()
