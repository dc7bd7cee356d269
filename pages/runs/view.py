"""One run: what it is, where it stands, how it went, what came out."""

from typing import TYPE_CHECKING

import streamlit as st

from core.durations import duration
from core.errors import LobuleError
from pages.runs.result import offer_cancel, offer_the_rest, show_result
from pages.runs.words import (
    LEAKY,
    active,
    as_markdown,
    badge,
    figure,
    moment,
    place,
    seconds_of,
    state_words,
)
from pages.shared.learning_curves import show_curves
from pages.shared.plain import as_html, notice, table, visible

if TYPE_CHECKING:
    from core.training.jobs.state import RunState


LOG_LINES = 200
_LOG_PIXELS = 320


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
    facts = [place(request.data), *([state.device] if state.device else []), times]
    st.html(
        f'<div class="lobule-file">{"".join(marks)}</div>'
        f'<div class="lobule-file lobule-quiet">{as_html(" · ".join(facts))}</div>'
    )


def explain(run: str) -> None:
    """Say why the run of the address cannot be shown."""
    from core.training.jobs import read_run  # noqa: PLC0415 - pandas

    st.title("This run cannot be shown", anchor=False)
    try:
        read_run(run)
    except LobuleError as error:
        notice(str(error), "error")


def show_alive(state: "RunState") -> None:
    """Draw a run that waits or trains; called again and again."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="alive"):
        _show_progress(state)
        offer_cancel(state)
    _show_numbers(state)
    _show_course(state)


def show_ended(state: "RunState", others: list["RunState"]) -> None:
    """Draw a run that has ended."""
    if state.message:
        notice(state.message, "error" if state.state == "failed" else "warning")
    elif state.state == "cancelled":
        planned = f" of {state.epochs}" if state.epochs else ""
        notice(
            f"Cancelled after {len(state.history)}{planned} epochs: the best so far.",
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
    _show_epochs(state)
    _show_log(state)
    _show_settings(state)


def _show_progress(state: "RunState") -> None:
    """Say what a waiting or running run is doing."""
    if state.state == "waiting":
        place = state.place_in_line or 1
        ahead = "next in the queue" if place == 1 else f"number {place} in the queue"
        st.progress(0.0, text=f"Waiting: {ahead}. One run trains at a time.")
        return
    left = f", about {duration(state.eta_seconds)} left" if state.eta_seconds is not None else ""
    words = as_markdown(state.stage) or "Starting"
    st.progress(min(1.0, max(0.0, state.done)), text=f"{words}, {state.done:.0%}{left}")


def _show_numbers(state: "RunState") -> None:
    """Show the figures of the step and epoch that a running run is at."""
    if state.state != "running":
        return
    latest = state.latest
    row = state.history[-1] if state.history else {}
    taken = seconds_of(state)
    memory = row.get("memory_mb")
    shown = {
        "Epoch": f"{state.epoch} of {state.epochs}" if state.epoch else "–",
        "Step": f"{state.step:,} of {state.steps:,}" if state.step and state.steps else "–",
        "Loss": figure(latest.get("loss")),
        "Images per second": figure(latest.get("images_per_second"), 0),
        "Learning rate": f"{latest['learning_rate']:.2g}" if latest.get("learning_rate") else "–",
        "Memory": f"{memory:,.0f} MB" if isinstance(memory, int | float) else "–",
        "Time so far": duration(taken) if taken is not None else "–",
    }
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in shown.items())
    st.html(f'<dl class="lobule-numbers">{cells}</dl>')


def _show_epochs(state: "RunState") -> None:
    """List every finished epoch, folded away."""
    if not state.history:
        return
    with st.expander("Figures by epoch", key="epochs"):
        table(
            (
                *("Epoch", "Phase", "Loss", "validation", "Accuracy", "validation", "AUROC"),
                *("validation", "Learning rate", "Seconds", "Images per second"),
            ),
            [
                (
                    row.get("epoch"),
                    row.get("phase") or "–",
                    *(
                        figure(row.get(prefix + name))
                        for name in ("loss", "accuracy", "auroc")
                        for prefix in ("", "val_")
                    ),
                    f"{row['learning_rate']:.2g}" if row.get("learning_rate") else "–",
                    figure(row.get("seconds"), 1),
                    figure(row.get("images_per_second"), 0),
                )
                for row in state.history
            ],
            caption="Figures by epoch",
        )


def _show_log(state: "RunState") -> None:
    """Show the last lines that the run's process printed, folded away."""
    from core.training.jobs import read_log  # noqa: PLC0415 - pandas

    with st.expander("Log", key="log"):
        try:
            text = read_log(state.id, LOG_LINES)
        except LobuleError as error:
            notice(str(error), "error")
            return
        if not text.strip():
            st.caption("Nothing yet.")
            return
        lines = [visible(line.rpartition("\r")[2]) for line in text.splitlines()]
        st.caption(f"Last {LOG_LINES} lines at most; all are in log.txt.")
        st.code("\n".join(lines), language=None, height=_LOG_PIXELS)


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
