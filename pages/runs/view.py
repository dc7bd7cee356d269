"""One run: what it is, where it stands, how it went, what came out."""

from typing import TYPE_CHECKING

import streamlit as st

from core.durations import duration
from pages.runs.progress import show_epochs, show_log, show_numbers, show_progress
from pages.runs.result import show_result
from pages.runs.use import offer_cancel, offer_the_rest
from pages.runs.words import (
    LEAKY,
    active,
    as_markdown,
    badge,
    moment,
    place,
    seconds_of,
    state_words,
)
from pages.shared.learning_curves import show_curves
from pages.shared.plain import as_html, notice, table

if TYPE_CHECKING:
    from core.training.jobs.state import RunState


def show_head(state: "RunState") -> None:
    """Name a run, its recipe and its data."""
    request = state.request
    st.title(as_markdown(request.name), anchor=False)
    marks = [badge(state_words(state)), badge(request.recipe.name)]
    leaky = request.recipe.split == "image"
    marks.append(badge("⚠ leaky split" if leaky else "split by patient"))
    taken = seconds_of(state)
    times = f"started {moment(state.started)}" if state.started else f"asked {moment(state.asked)}"
    if taken is not None and not active(state):
        times += f", took {duration(taken)}"
    said = [place(request.data), *([state.device] if state.device else []), times]
    st.html(
        f'<div class="lobule-file">{"".join(marks)}</div>'
        f'<div class="lobule-file lobule-quiet">{as_html(" · ".join(said))}</div>'
    )


def show_alive(state: "RunState") -> None:
    """Draw a run that waits or trains; called again and again."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="alive"):
        show_progress(state)
        offer_cancel(state)
    show_numbers(state)
    _show_course(state)


def show_ended(state: "RunState", others: list["RunState"]) -> None:
    """Draw a run that has ended."""
    if state.message:
        notice(state.message, "error" if state.state == "failed" else "warning")
    elif state.state == "cancelled":
        planned = f" of {state.epochs}" if state.epochs else ""
        notice(
            f"Cancelled after {len(state.history)}{planned} epochs: this is the best so far.",
            "note",
        )
    offer_the_rest(state)
    show_result(state, others)
    if state.request.recipe.split == "image" and state.package is None:
        notice(LEAKY)
    st.html("<h3>Course</h3>")
    _show_course(state)


def _show_course(state: "RunState") -> None:
    show_curves(state)
    show_epochs(state)
    show_log(state)
    _show_settings(state)


def _show_settings(state: "RunState") -> None:
    with st.expander("Settings", key="settings"):
        content = state.request.recipe.model_dump(mode="json", exclude_none=True)
        rows: list[tuple[object, ...]] = []
        for name, value in content.items():
            inner = value if isinstance(value, dict) else {"": value}
            rows += [
                (f"{name}.{key}" if key else name, _plain(setting))
                for key, setting in inner.items()
            ]
        if state.request.magnifications:
            rows.append(("magnifications", ", ".join(state.request.magnifications)))
        if state.request.patient_pattern:
            rows.append(("patient pattern", state.request.patient_pattern))
        if state.request.um_per_px is not None:
            rows.append(("scale of the images, µm/px", f"{state.request.um_per_px:g}"))
        table(("Setting", "Value"), rows, caption="Settings of the run")


def _plain(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
