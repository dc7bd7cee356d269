"""The case as a whole: how far its answering is, and one answer for all its images."""

import streamlit as st

from core.durations import duration
from core.registry.card import Card
from pages.desk.answers import Question, Summary, summary
from pages.desk.state import Desk
from pages.desk.work import Work, go_on
from pages.shared.marks import OUT_OF_SCOPE, has_class, mark_of_verdict
from pages.shared.plain import as_html


def show_progress(work: Work, questions: list[Question]) -> bool:
    """Draw how far it is and the button that stops it; returns whether it is at work.

    Once there is nothing to tell, the rule of the case's answer stands in its place.
    """
    answered = sum(summary(question, work.desk) is not None for question in questions)
    number = len(questions)
    if answered == number:
        from core.inference.case import RULE  # noqa: PLC0415 - loads NumPy

        st.caption("How the images come to one answer", help=RULE)
        return False
    with st.container(horizontal=True, vertical_alignment="center", key="desk_progress"):
        if work.paused:
            st.text(f"Stopped: {answered:,} of {number:,} images are answered", width="stretch")
            st.button("Go on", key="desk_go_on", on_click=go_on, args=(work.desk,))
            return False
        left = work.seconds_left
        told = "" if left is None else f", about {duration(left)} left"
        st.progress(
            (answered + work.share) / number, text=f"{answered:,} of {number:,} answered{told}"
        )
        st.button("Stop", key="desk_stop", on_click=work.stop)
    return True


def show_case_answer(desk: Desk, card: Card, questions: list[Question]) -> None:
    """Draw one answer for the case, and which of its images it rests on."""
    found = [(question, summary(question, desk)) for question in questions]
    different: dict[str, Summary] = {}
    for _, one in found:
        if one is not None and one.predicted is not None:
            different.setdefault(one.pixels, one)
    inside = [one for one in different.values() if one.verdict != OUT_OF_SCOPE]
    without = sum(one is not None and one.predicted is None for _, one in found)
    doubles = sum(one is not None for _, one in found) - without - len(different)
    left_out = [
        f"{len(different) - len(inside):,} out of scope" if len(inside) < len(different) else "",
        f"{doubles:,} the same as another" if doubles else "",
        f"{without:,} without an answer" if without else "",
        f"{sum(one is None for _, one in found):,} to come"
        if any(one is None for _, one in found)
        else "",
    ]
    aside = ", ".join(filter(None, left_out))
    if inside:
        _answer(card, inside, aside)
        return
    yet = " yet" if any(one is None for _, one in found) else ""
    st.html(
        f'<section class="lobule-case"><div class="lobule-answer"><h2>The case: no answer{yet}</h2>'
        f'</div><p class="lobule-quiet">No image counts{yet}: {aside}.</p></section>'
    )


def _answer(card: Card, inside: list[Summary], aside: str) -> None:
    import numpy as np  # noqa: PLC0415 - there are answers, so it is loaded

    from core.inference.case import FEWEST_IMAGES, answer_case  # noqa: PLC0415

    answer = answer_case(card, np.array([one.chances for one in inside]))
    positive = None if card.positive_index is None else card.classes[card.positive_index]
    mark = mark_of_verdict(answer.name, positive)
    name = answer.name if has_class(answer.name) else answer.name.capitalize()
    interval = f"no interval below {FEWEST_IMAGES} images"
    if answer.interval:
        low, high = answer.interval
        interval = f"{100 * low:.0f} to {100 * high:.0f} %, 95 % interval"
    images = "1 image" if answer.images == 1 else f"{answer.images:,} images"
    counts = " · ".join(
        f"{sum(one.verdict == verdict for one in inside):,} {verdict}"
        for verdict in sorted({one.verdict for one in inside})
    )
    not_counted = f"; not counted: {aside}" if aside else ""
    st.html(
        f'<section class="lobule-case" style="--mark:{mark.colour}">'
        f'<div class="lobule-answer"><h2><span aria-hidden="true">{mark.symbol}</span>'
        f"The case: {as_html(name)}</h2></div>"
        f"<p><b>{100 * answer.probability:.0f} %</b> mean probability of {as_html(answer.about)} "
        f"({interval}), of {images}{not_counted}</p>"
        f'<p class="lobule-quiet">{as_html(counts)}</p></section>'
    )
