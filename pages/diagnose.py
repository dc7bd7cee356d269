"""Diagnose: images in; class, probability and heatmap out."""

import streamlit as st

from core.registry.package import Package
from pages.desk.answers import Question, summary
from pages.desk.case import show_case_answer, show_progress
from pages.desk.hint import show_hint
from pages.desk.image import show_image
from pages.desk.model import choose_model
from pages.desk.save import offer_to_save
from pages.desk.state import Desk, open_desk
from pages.desk.table import in_order, show_table
from pages.desk.tools import offer_to_clear, show_tools
from pages.desk.uploads import PHANTOM_IS, ask_for_images, phantom_button
from pages.desk.work import Work, want
from pages.shared.entrance import enter_through_app
from pages.shared.plain import as_html, notice
from pages.shared.scale import ask_for_scale

POLL_SECONDS = 1.0
_WHOLE = "desk_whole"  # set where the whole page is drawn, and not the case alone
IS_GONE = (
    "The images of this address are gone: Lobule was started again since, they lay there for "
    "over 12 hours, or others needed the room. Cases that were saved are in the worklist."
)


def invite(package: Package) -> None:
    """Say what to do and what the model is for; shown while there is no image."""
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
        f"<p>{as_html(package.card.summary)}</p></div>"
        f'<div class="lobule-two"><div><h3>Good for</h3><ul class="lobule-list">{good}</ul></div>'
        f'<div><h3>Not for</h3><ul class="lobule-list">{bad}</ul></div></div>'
    )


def show_case(desk: Desk, work: Work, questions: list[Question]) -> None:
    """Draw the images of a case as a table that fills while they are answered."""
    at_work = not work.paused and any(summary(one, desk) is None for one in questions)
    st.session_state[_WHOLE] = True
    st.fragment(_show_case, run_every=POLL_SECONDS if at_work else None)(
        desk, work, questions, at_work=at_work
    )


def _show_case(desk: Desk, work: Work, questions: list[Question], *, at_work: bool) -> None:
    whole = st.session_state.pop(_WHOLE, False)
    picked = st.session_state.pop("desk_picked", None)
    if picked in desk.images and picked != desk.chosen:
        desk.chosen = picked
        st.rerun()
    if st.session_state.pop("desk_sorted", False):
        st.rerun()
    if not (whole or at_work):
        # The browser still ticks though there is nothing to wait for, so perhaps it never got the
        # page that says so: Streamlit drops what a run has drawn if a tick comes in as it ends
        # (the session then has another script runner, and heeds that one alone).
        st.rerun()
    with st.container(key="desk_case"):
        show_case_answer(desk, questions[0].package.card, questions)
        with st.container(key="desk_state"):
            still = show_progress(work, questions)
    if still != at_work:
        st.rerun()
    show_table(desk, in_order(desk, questions))


enter_through_app(__file__)
with st.sidebar:
    desk = open_desk()
    ask_for_images()
    phantom_button("phantom")
    if desk.images:
        offer_to_clear(desk)
    saving = st.container()
    package = choose_model()
    ask_for_scale(desk)

# An empty place at once, so that the invitation is gone while the first answer is awaited.
invitation = st.empty()
if package is None:
    st.title("No model to answer with", anchor=False)
elif not desk.images:
    with invitation.container():
        if st.session_state.get("desk_is_gone"):
            notice(IS_GONE)
        show_hint()
        invite(package)
else:
    uploads = list(desk.images.values())
    questions = [Question(upload, package, desk.um_per_px_of(upload)) for upload in uploads]
    picked = st.session_state.pop("desk_picked", desk.chosen)
    chosen = next((one for one in questions if one.upload.id == picked), questions[0])
    desk.chosen = chosen.upload.id
    work = want(desk, questions, chosen)
    waits = summary(chosen, desk) is None
    with st.container(key="desk"):
        if len(questions) > 1:
            with st.container(key="desk_case_and_images"):
                show_case(desk, work, questions)
        with st.container(key="desk_image"):
            show_tools(desk, in_order(desk, questions), chosen)
            show_image(chosen, work)
    if waits and summary(chosen, desk) is not None:
        st.rerun()  # what can be said of an answer was drawn while there was none
    offer_to_save(questions, saving)
