"""The case as a whole: its table, how far its answering is, one answer for all its images."""

import streamlit as st

from core.durations import duration
from pages.desk.answers import Query, Summary, summary
from pages.desk.state import Desk
from pages.desk.table import in_order, show_table
from pages.desk.work import Work, desks_at_work, go_on
from pages.shared.marks import OUT_OF_SCOPE, has_class, mark_of_outcome
from pages.shared.plain import as_html

_POLL_SECONDS, _POLL_SECONDS_A_DESK = 1.0, 0.4


def show_case(desk: Desk, work: Work, queries: list[Query]) -> None:
    """Draw the images of a case as a table that fills while they are answered."""
    at_work = not work.paused and any(summary(query, desk) is None for query in queries)
    every = _poll_seconds() if at_work else None
    st.fragment(_show_case, run_every=every)(desk, work, queries, every)


def _poll_seconds() -> float:
    """How often the table is drawn while it fills: the more people wait, the less often."""
    return max(_POLL_SECONDS, _POLL_SECONDS_A_DESK * desks_at_work())


def _show_case(desk: Desk, work: Work, queries: list[Query], every: float | None) -> None:
    picked = st.session_state.pop("desk_picked", None)
    if picked in desk.images and picked != desk.chosen:
        desk.chosen = picked
        st.rerun()
    if st.session_state.pop("desk_sorted", False):
        st.rerun()
    with st.container(key="desk_case"):
        _show_case_answer(desk, queries)
        with st.container(key="desk_state"):
            still = _show_progress(work, queries)
    if still != (every is not None) or (every and _poll_seconds() > 2 * every):
        st.rerun()
    show_table(desk, in_order(desk, queries))


def _show_progress(work: Work, queries: list[Query]) -> bool:
    """Draw how far it is and the button that stops it; returns whether it is at work.

    Once there is nothing to tell, the rule of the case's answer stands in its place.
    """
    answered = sum(summary(query, work.desk) is not None for query in queries)
    number = len(queries)
    if answered == number:
        from core.inference.case import RULE  # noqa: PLC0415 - loads NumPy

        judged = sum(query.subject in work.desk.verdicts for query in queries)
        yours = f"{judged:,} of {number:,} judged by you. " if judged else ""
        st.caption(f"{yours}How is the case called?", help=RULE)
        return False
    with st.container(horizontal=True, vertical_alignment="center", key="desk_progress"):
        if work.paused:
            st.text(f"Stopped: {answered:,} of {number:,} images answered", width="stretch")
            st.button("Go on", key="desk_go_on", on_click=go_on, args=(work.desk,))
            return False
        left = work.seconds_left
        remaining = "" if left is None else f", about {duration(left)} left"
        st.progress(
            (answered + work.share) / number, text=f"{answered:,} of {number:,} answered{remaining}"
        )
        st.button("Stop", key="desk_stop", on_click=work.stop)
    return True


def _show_case_answer(desk: Desk, queries: list[Query]) -> None:
    """Draw one answer for the case, and which of its images it rests on."""
    summaries = [summary(query, desk) for query in queries]
    different: dict[str, Summary] = {}
    for short in summaries:
        if short is not None and short.predicted is not None:
            different.setdefault(short.pixels, short)
    inside = [short for short in different.values() if short.outcome != OUT_OF_SCOPE]
    without = sum(short is not None and short.predicted is None for short in summaries)
    doubles = sum(short is not None for short in summaries) - without - len(different)
    left_out = [
        f"{len(different) - len(inside):,} out of scope" if len(inside) < len(different) else "",
        f"{doubles:,} the same as another" if doubles else "",
        f"{without:,} without an answer" if without else "",
        f"{sum(short is None for short in summaries):,} to come"
        if any(short is None for short in summaries)
        else "",
    ]
    aside = ", ".join(filter(None, left_out))
    unanswered = without + sum(short is None for short in summaries)
    by_model: dict[str, list[Summary]] = {}
    for short in inside:
        if short.card:
            by_model.setdefault(short.card.name, []).append(short)
    for place, answered in enumerate(by_model.values()):
        # What does not count is of no model in particular: it is told once.
        _answer(answered, "" if place else aside, unanswered, several=len(by_model) > 1)
    if inside:
        return
    yet = " yet" if any(short is None for short in summaries) else ""
    st.html(
        f'<section class="lobule-case"><div class="lobule-answer"><h2>The case: no answer{yet}</h2>'
        f'</div><p class="lobule-quiet">No image counts{yet}: {aside}.</p></section>'
    )


def _answer(inside: list[Summary], aside: str, unanswered: int, *, several: bool) -> None:
    """Draw what one model says of the images that it answered."""
    import numpy as np  # noqa: PLC0415 - there are answers, so it is loaded

    from core.inference.case import FEWEST_IMAGES, answer_case  # noqa: PLC0415

    card = inside[0].card
    assert card  # noqa: S101 - an answer has one
    outcomes = [short.outcome for short in inside]
    chances = np.array([short.chances for short in inside])
    answer = answer_case(card, outcomes, chances, unanswered=unanswered)
    positive = None if card.positive_index is None else card.classes[card.positive_index]
    mark = mark_of_outcome(answer.name, positive)
    name = answer.name if has_class(answer.name) else answer.name.capitalize()
    interval = f"no interval below {FEWEST_IMAGES} images"
    if answer.interval:
        low, high = answer.interval
        interval = f"{100 * low:.0f} to {100 * high:.0f} %, 95 % interval"
    images = "1 image" if answer.images == 1 else f"{answer.images:,} images"
    not_counted = f"; not counted: {aside}" if aside else ""
    of_model = f'<p class="lobule-quiet">{as_html(card.title)}</p>' if several else ""
    st.html(
        f'<section class="lobule-case" style="--mark:{mark.colour}">{of_model}'
        f'<div class="lobule-answer"><h2><span aria-hidden="true">{mark.symbol}</span>'
        f"The case: {as_html(name)}</h2></div><p><b>{as_html(answer.because)}</b></p>"
        f'<p class="lobule-quiet">Mean probability of {as_html(answer.about)} '
        f"{100 * answer.probability:.0f} % ({interval}), of {images}{not_counted}</p></section>"
    )
