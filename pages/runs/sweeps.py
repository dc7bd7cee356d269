"""Sweeps: how each stands, where it is computed, what came of it, and how to stop or resume it."""

from typing import TYPE_CHECKING

import streamlit as st

from core.durations import duration
from core.errors import LobuleError
from pages.runs.deed import do, say_what_went_wrong
from pages.runs.pieces import pieces_done, say_refused, show_pieces
from pages.runs.sweep_result import show_sweep_result
from pages.runs.words import RESUMABLE, active, as_markdown, moment, place, state_words
from pages.shared.plain import as_html, notice, quiet

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from core.training.sweep.jobs import SweepState

MOST_SWEEPS = 12

Standing = tuple[tuple[str, str], ...]


def sweeps_standing(states: list["SweepState"]) -> Standing:
    """What a page that was drawn now shows of sweeps, but for what changes all the time."""
    return tuple((state.id, state.state) for state in states)


def show_sweeps(states: list["SweepState"]) -> None:
    """Draw every sweep, those at work first, then those that wait, then the latest."""
    with st.container():
        if states:
            st.subheader(
                "Sweeps",
                anchor=False,
                help="Recipes, settings and seeds, all tried on one dataset in the same folds. "
                "`python -m core sweep FILE.toml` starts one.",
            )
    follow_sweeps(sweeps_standing(states))
    working = any(active(state) for state in states)
    ended = [state for state in states if not active(state)]
    for number, state in enumerate(ended[:MOST_SWEEPS]):
        with _fold(state, first=number == 0 and not working):
            _show_ended(state)
    if len(ended) > MOST_SWEEPS:
        quiet(f"{len(ended) - MOST_SWEEPS:,} older ones: python -m core sweeps list.")


# At one place of the page, as `pages.runs.follow.follow` is, so that its timer finds it again.
@st.fragment(run_every=1.0)
def follow_sweeps(drawn: Standing) -> None:
    """Draw the sweeps at work, and all of the page when a sweep has changed its state."""
    from core.training.sweep.jobs import list_sweeps  # noqa: PLC0415 - pandas

    try:
        states = list_sweeps()
    except LobuleError as error:
        notice(str(error), "error")
        return
    if sweeps_standing(states) != drawn:
        st.rerun()
    working = [state for state in states if active(state)]
    working.sort(key=lambda state: state.state != "running")
    for number, state in enumerate(working):
        with _fold(state, first=number == 0):
            _show_alive(state)


def _fold(state: "SweepState", *, first: bool) -> "DeltaGenerator":
    name = as_markdown(f"{state_words(state)} · {state.request.name} · {moment(state.asked)}")
    return st.expander(name, expanded=first, key=f"sweep-{state.id}")


def _show_facts(state: "SweepState") -> None:
    """Its id, the data, the seeds and the machines, and what is done of it."""
    seeds = len(state.request.seeds)
    facts = [
        state.id,
        place(state.request.data),
        "1 seed" if seeds == 1 else f"{seeds} seeds",
        *([f"on {state.on}"] if state.on else []),
        *([done] if (done := pieces_done(state)) else []),
    ]
    st.html(f'<div class="lobule-file lobule-quiet">{as_html(" · ".join(facts))}</div>')


def _show_alive(state: "SweepState") -> None:
    _show_facts(state)
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"alive-{state.id}"):
        _show_progress(state)
        _offer_stop(state)
    say_what_went_wrong(state.id)
    show_pieces(state)


def _show_progress(state: "SweepState") -> None:
    words = as_markdown(state.stage) or ("Waiting" if state.state == "waiting" else "Starting")
    if state.state == "running":
        words += f", {state.done:.0%}"
        # Nothing is left by an estimate that has run out, while a piece takes longer than others.
        if state.seconds_left is not None and state.seconds_left >= 1:
            words += f", about {duration(state.seconds_left)} left"
    st.progress(min(1.0, max(0.0, state.done)), text=words)


def _show_ended(state: "SweepState") -> None:
    from core.training.sweep.jobs import read_result  # noqa: PLC0415 - pandas

    _show_facts(state)
    st.session_state.pop(f"stopping-{state.id}", None)
    if state.message:
        notice(state.message, "error" if state.state == "failed" else "warning")
    again = state.state in RESUMABLE
    if state.state == "finished":
        try:
            result = read_result(state.id)
        except LobuleError as error:
            notice(str(error), "error")
            result, again = None, True
        if result:
            show_sweep_result(state, result)
    else:
        say_refused(state)
        _name_log(state)
    if again:
        _offer_resume(state)
    say_what_went_wrong(state.id)


def _name_log(state: "SweepState") -> None:
    """Say where its log is, which a message may point to."""
    from core.training.sweep.jobs.folder import find_sweep  # noqa: PLC0415 - pandas

    log = find_sweep(state.id).log
    if log.exists():
        quiet(f"Log: {place(log)}")


def _offer_stop(state: "SweepState") -> None:
    """Draw the button that stops a sweep, which asks once more."""
    from core.training.sweep.jobs import cancel  # noqa: PLC0415 - pandas

    note = f"stopping-{state.id}"
    if note in st.session_state:
        st.button("Stopping …", key=f"button-{note}", disabled=True)
        return
    with st.popover("Stop", key=f"stop-{state.id}"):
        st.text("It stops on every machine. Answers that are there are kept for resuming.")
        if st.button("Stop this sweep", key=f"really-stop-{state.id}", type="primary"):
            do(state.id, lambda: cancel(state.id), note)


def _offer_resume(state: "SweepState") -> None:
    from core.training.sweep.jobs import resume  # noqa: PLC0415 - pandas

    if st.button(
        "Resume",
        key=f"resume-{state.id}",
        help="What was computed is not computed again.",
    ):
        do(state.id, lambda: resume(state.id))
