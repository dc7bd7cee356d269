"""The image on show: what can be done with it, its name, its answer and its maps."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from core.registry.package import Package
from core.registry.shelf import best_first
from pages.desk.answered_by import package_of, show_no_answer, show_who_answered
from pages.desk.answers import Failure, Query, Summary, ask, known, summary
from pages.desk.explanations import show_explanations
from pages.desk.maps import FIGURE_ROOM, draw_growing, show_maps
from pages.desk.state import Desk, Subject
from pages.desk.stated_scale import ask_for_own_scale, state_for_case
from pages.desk.uploads import take_away
from pages.desk.work import Work, go_on, wait
from pages.shared.how_taken import ask_how_taken
from pages.shared.judging import ask_class
from pages.shared.maps import HEATMAP
from pages.shared.outcome import compare_scale, scale_words, show_outcome
from pages.shared.plain import as_html, notice

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.diagnosis import Diagnosis
    from core.imaging.read import Image

READING = "Reading the image; the first answer also loads the model."


def show_tools(desk: Desk, queries: list[Query], chosen: Query) -> None:
    """Draw the buttons above the image; `queries` are in the order of the table."""
    ids = [query.upload.id for query in queries]
    place = ids.index(chosen.upload.id)
    if len(ids) > 1:
        with st.container(horizontal=True, gap="small", key="desk_tools"):
            _go("Previous", "K", desk, ids, -1, disabled=place == 0)
            _go("Next", "J", desk, ids, 1, disabled=place == len(ids) - 1)
            _show_more(desk, chosen)
    short = summary(chosen, desk)
    answered = short is not None and short.predicted is not None
    with st.container(
        horizontal=True, gap="small", vertical_alignment="center", key="desk_judging"
    ):
        st.html('<b class="lobule-quiet">Your verdict</b>', width="content")
        ask_class(
            _classes(chosen, short),
            desk.verdicts.get(chosen.subject),
            f"{chosen.subject}",
            partial(_say, desk, ids, chosen.subject),
            judged=chosen.subject in desk.verdicts,
            disabled=not answered,
        )
        if len(ids) == 1:
            _show_more(desk, chosen)


def _show_more(desk: Desk, chosen: Query) -> None:
    with st.popover("More"):
        ask_for_own_scale(desk, chosen.upload.id)
        if chosen.subject in desk.verdicts:
            st.button(
                "Take your verdict back",
                key="desk_unsay",
                width="stretch",
                on_click=_unsay,
                args=(desk, chosen.subject),
            )
        st.button(
            "Remove this image",
            key="desk_remove",
            width="stretch",
            on_click=take_away,
            args=([chosen.upload.id],),
        )


@st.fragment
def show_image(query: Query, work: Work) -> None:
    """Draw one image large; its controls redraw this part of the page only."""
    _show_name(query)
    answer = _wait_for(query, work)
    package = query.package
    if package is None and answer is not None and not isinstance(answer, Failure):
        package = package_of(answer.model_sha256)
    if answer is not None and package is not None:
        answer = _with_own_heatmap(query, package, answer, work)
    if answer is None:
        notice("Stopped before this image was answered.", "note")
        if st.button("Go on", key="image_go_on"):
            go_on(work.desk)
            st.rerun()
        return
    if isinstance(answer, Failure):
        show_no_answer(answer)
        return
    if package is None:
        notice("The model that answered was deleted. Ask again.", "error")
        return
    _show_answer(answer, package)


def _show_answer(answer: "Diagnosis", package: Package) -> None:
    show_outcome(answer)
    show_who_answered(answer, package)
    for warning in answer.warnings:
        notice(warning)
    shown = show_maps(answer, package, _tag(package))
    if answer.scale.state == "unknown" and answer.scale.square_pixels:
        ask_how_taken(state_for_case)
    show_explanations(answer, package, beside_heatmap=shown == HEATMAP)
    with st.expander(scale_words(answer)):
        compare_scale(answer)


def _tag(package: Package) -> str:
    """Keeps the choices of each model apart."""
    return package.model_sha256[:12]


def _with_own_heatmap(
    query: Query, package: Package, answer: "Diagnosis | Failure", work: Work
) -> "Diagnosis | Failure":
    """Return the answer with the heatmap of the class and the layer that are asked for."""
    tag, card = _tag(package), package.card
    standard = None if card.positive_index is None else card.classes[card.positive_index]
    chosen = st.session_state.get(f"class-{tag}") or None
    heatmap_query = replace(
        query,
        package=package,
        heatmap_class=None if chosen == standard else chosen,
        heatmap_layer=st.session_state.get(f"layer-{tag}") or None,
    )
    if heatmap_query.standard or isinstance(answer, Failure):
        return answer
    explained = _wait_for(heatmap_query, work)
    if explained is None or isinstance(explained, Failure):
        return explained or answer
    return replace(explained, chosen=answer.chosen)


def _show_name(query: Query) -> None:
    note = query.upload.note
    badge = f'<span class="lobule-badge">{as_html(note)}</span>' if note else ""
    st.html(
        '<h1 class="lobule-unseen">Diagnose</h1>'
        f'<div class="lobule-file"><span>{as_html(query.upload.name)}</span>'
        f"{badge}</div>"
    )


def _wait_for(query: Query, work: Work) -> "Diagnosis | Failure | None":
    """Return the answer; until it is there, the room that it will take is held.

    None where the user stopped the work before it came to this image.
    """
    room = st.empty()  # also where nothing is waited for: what follows must not change its place
    if (known_answer := known(query)) is not None:
        return known_answer
    with room.container():
        bar = st.progress(0.0, text=READING)
        picture = st.empty()
        picture.skeleton(height=FIGURE_ROOM)

    shown = ""

    def grow(image: "Image", values: "NDArray[np.float32] | None") -> None:
        with picture.container(height=FIGURE_ROOM, border=False):
            draw_growing(image, values)

    def progress(share: float, words: str) -> None:
        nonlocal shown
        # Reading the state is where Streamlit ends a run that nobody waits for any more. To draw a
        # bar again that has not moved would keep the browser busy.
        "desk" in st.session_state  # noqa: B015
        share = round(min(max(share, 0.0), 1.0), 2)
        if shown != (shown := f"{share} {words}"):
            bar.progress(share, text=words or READING)

    if query.standard:
        wait(work, query, progress, grow)
        answer = known(query)
        if answer is None and not work.paused and query.upload.id in work.desk.images:
            answer = ask(query, progress)  # its pixels had to make room
    else:
        answer = ask(query, progress, grow=grow)
    room.empty()
    return answer


def _go(name: str, key: str, desk: Desk, ids: list[str], steps: int, *, disabled: bool) -> None:
    st.button(
        name,
        key=f"desk_{name}",
        shortcut=key,
        disabled=disabled,
        on_click=_step,
        args=(desk, ids, steps),
    )


def _step(desk: Desk, ids: list[str], steps: int) -> None:
    """Go on from the image on show now: the key may be pressed again before this page is drawn."""
    place = ids.index(desk.chosen) if desk.chosen in ids else 0
    desk.chosen = ids[min(max(place + steps, 0), len(ids) - 1)]


def _classes(query: Query, short: Summary | None) -> tuple[str, ...]:
    """Of the model that answered; until it has, of the one that probably will."""
    if short and short.card:
        return short.card.classes
    package = query.package or best_first()[0].package
    return package.card.classes if package else ()


def _say(desk: Desk, ids: list[str], subject: Subject, named: str | None) -> None:
    """Note what was said of the image on show, and go on to the next one.

    Until a page is drawn to its end, the browser keeps the buttons of the image before, and their
    keys: what those send is about an image that is no longer looked at.
    """
    if desk.chosen != subject[0]:
        return
    desk.verdicts[subject] = named
    _step(desk, ids, 1)


def _unsay(desk: Desk, subject: Subject) -> None:
    desk.verdicts.pop(subject, None)
