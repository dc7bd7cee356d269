"""The chosen image: its name, its answer, its maps, and what the model expects."""

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from pages.desk.answers import Failure, Question, ask, known
from pages.desk.explanations import show_explanations
from pages.desk.maps import FIGURE_ROOM, show_maps
from pages.desk.work import Work, go_on, wait
from pages.shared.outcome import show_verdict
from pages.shared.plain import as_html, notice
from pages.shared.scale import compare_scale

if TYPE_CHECKING:
    from core.diagnosis import Diagnosis

READING = "Reading the image. The first answer also loads the model."


@st.fragment
def show_image(question: Question, work: Work) -> None:
    """Draw one image large; its controls redraw this part of the page only."""
    tag = question.package.model_sha256[:12]
    positive = question.package.card.positive_index
    standard = None if positive is None else question.package.card.classes[positive]
    chosen = st.session_state.get(f"class-{tag}") or None
    question = replace(
        question,
        heatmap_class=None if chosen == standard else chosen,
        heatmap_layer=st.session_state.get(f"layer-{tag}") or None,
    )
    _show_name(question)
    answer = _wait_for(question, work)
    if answer is None:
        notice("This image is not answered: you stopped before it.", "note")
        if st.button("Go on", key="image_go_on"):
            go_on(work.desk)
            st.rerun()
        return
    if isinstance(answer, Failure):
        notice(answer.reason, "error")
        return
    show_verdict(answer)
    for warning in answer.warnings:
        notice(warning)
    show_maps(answer, question.package, tag)
    show_explanations(answer, question.package)
    compare_scale(answer)


def _show_name(question: Question) -> None:
    badge = '<span class="lobule-badge">synthetic image, no patient</span>'
    st.html(
        '<h1 class="lobule-unseen">Diagnose</h1>'
        f'<div class="lobule-file"><span>{as_html(question.upload.name)}</span>'
        f"{badge if question.upload.synthetic else ''}</div>"
    )


def _wait_for(question: Question, work: Work) -> "Diagnosis | Failure | None":
    """Return the answer; until it is there, the room that it will take is held.

    None where the user stopped the work before it came to this image.
    """
    room = st.empty()  # also where nothing is waited for: what follows must not change its place
    if (found := known(question)) is not None:
        return found
    with room.container():
        bar = st.progress(0.0, text=READING)
        st.skeleton(height=FIGURE_ROOM)

    def progress(share: float, words: str) -> None:
        bar.progress(min(max(share, 0.0), 1.0), text=words or READING)

    if question.standard:
        wait(work, question, progress)
        answer = known(question)
        if answer is None and not work.paused and question.upload.id in work.desk.images:
            answer = ask(question, progress)  # its pixels had to make room
    else:
        answer = ask(question, progress)
    room.empty()
    return answer
