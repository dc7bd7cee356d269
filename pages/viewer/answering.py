"""The answer of the whole slide: asked for, watched, stopped, resumed, and what it says."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from core.durations import duration
from core.errors import LobuleError
from pages.shared.plain import as_html, notice, quiet
from pages.viewer.answers import ACTIVE, answer_of, ask_slide, finished_of, standing
from pages.viewer.keep import offer_case
from pages.viewer.opening import SlideView
from pages.viewer.slide_says import show_summary
from pages.viewer.take_along import offer_files

if TYPE_CHECKING:
    from core.slides.answering import AnswerState

_POLL_SECONDS = 1.0
_REFUSAL = "slides_answer_refused"
_ASK_HELP = (
    "Finds the tissue and answers it tile by tile, first where you look. It goes on when you "
    "leave, and can be resumed after whatever ends it."
)
_ENDED = {
    "cancelled": "Cancelled: what was answered is kept.",
    "interrupted": "It was cut off: what was answered is kept.",
}


def show_slide_answers(views: list[SlideView]) -> None:
    """Draw what there is of the answers of whole slides."""
    if refusal := st.session_state.pop(_REFUSAL, None):
        notice(refusal, "error")
    for pane, view in enumerate(views):
        if view.package is not None and view.um_per_px is not None:
            _show(view, pane, views)


def _show(view: SlideView, pane: int, views: list[SlideView]) -> None:
    state = answer_of(view)
    model = view.package.card.title if view.package else ""
    st.html(
        f'<h3>Whole slide{_whose(pane, views)}</h3><p class="lobule-quiet">{as_html(model)}</p>'
    )
    if state is None:
        _ask(view, pane, "Answer the whole slide")
        return
    if state.state in ACTIVE:
        watch = st.fragment(_watch, run_every=_POLL_SECONDS)
        watch(view, pane, standing([view]))
    elif state.state != "finished":
        _offer_resume(state, pane)
    finished = finished_of(view)
    if finished is None:
        return
    if finished.id != state.id:
        when = f"{finished.ended:%Y-%m-%d %H:%M} UTC" if finished.ended else "before"
        quiet(f"Until a newer answer is finished, the map and what follows are those of {when}.")
    show_summary(view, pane, finished.id)
    offer_case(view, finished.id, pane)
    with st.container(horizontal=True, gap="small"):
        offer_files(finished.id, pane)
        if state.state not in ACTIVE:
            _ask(view, pane, "Answer it again")


def _offer_resume(state: "AnswerState", pane: int) -> None:
    """Say why an answer ended before it was finished."""
    notice(state.message or _ENDED.get(state.state, ""), "note")
    quiet(_done(state))
    st.button(
        "Resume",
        key=f"slides_resume_{pane}",
        type="primary",
        on_click=_resume,
        args=(state.id,),
    )


def _ask(view: SlideView, pane: int, words: str) -> None:
    st.button(
        words,
        key=f"slides_answer_{pane}",
        on_click=partial(_try, partial(ask_slide, view)),
        help=_ASK_HELP,
    )


def _watch(view: SlideView, pane: int, drawn: tuple[str | None, ...]) -> None:
    """Draw how far an answer is; called again and again."""
    state = answer_of(view)
    if state is None or standing([view]) != drawn:
        st.rerun()
    if state.state == "waiting":
        place = state.place_in_line or 1
        ahead = "next in line" if place == 1 else f"number {place} in line"
        st.progress(0.0, text=f"Waiting: {ahead}. One slide is answered at a time.")
    else:
        left = f", about {duration(state.seconds_left)} left" if state.seconds_left else ""
        share = f", {state.done:.0%}" if state.done else ""
        answered = state.tiles and state.tiles_done == state.tiles  # what follows is short
        st.progress(
            1.0 if answered else state.done, text=f"{state.stage or 'Starting'}{share}{left} …"
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="lobule-quiet">{as_html(_done(state))}</p>', width="stretch")
        st.button("Cancel", key=f"slides_cancel_{pane}", on_click=_cancel, args=(state.id,))


def _done(state: "AnswerState") -> str:
    from core.slides.answering.words import progress_words  # noqa: PLC0415 - seldom needed

    return progress_words(state)


def _whose(pane: int, views: list[SlideView]) -> str:
    return "" if len(views) == 1 else f", {'left' if pane == 0 else 'right'}"


def _cancel(answer: str) -> None:
    from core.slides.answering import cancel  # noqa: PLC0415 - not needed to draw a page

    _try(partial(cancel, answer))


def _resume(answer: str) -> None:
    from core.slides.answering import resume  # noqa: PLC0415 - not needed to draw a page

    _try(partial(resume, answer))


def _try(deed: Callable[[], object]) -> None:
    """Do it; the next run of the page says why it could not be done."""
    try:
        deed()
    except LobuleError as error:
        st.session_state[_REFUSAL] = str(error)
