"""Where a run stands: its progress while it lives, its figures by epoch, its log."""

from typing import TYPE_CHECKING

import streamlit as st

from core.durations import duration
from core.errors import LobuleError
from pages.runs.words import as_markdown, figure, seconds_of
from pages.shared.plain import notice, table, visible

if TYPE_CHECKING:
    from core.training.jobs.state import RunState

LOG_LINES = 200
_LOG_PIXELS = 320


def show_progress(state: "RunState") -> None:
    """Say what a waiting or running run is doing."""
    if state.state == "waiting":
        place = state.place_in_line or 1
        ahead = "next in line" if place == 1 else f"number {place} in line"
        st.progress(0.0, text=f"Waiting for the device: {ahead}. One run trains at a time.")
        return
    left = f", about {duration(state.eta_seconds)} left" if state.eta_seconds is not None else ""
    words = as_markdown(state.stage) or "Starting"
    st.progress(min(1.0, max(0.0, state.done)), text=f"{words}, {state.done:.0%}{left}")


def show_numbers(state: "RunState") -> None:
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
        "Images a second": figure(latest.get("images_per_second"), 0),
        "Learning rate": f"{latest['learning_rate']:.2g}" if latest.get("learning_rate") else "–",
        "Memory": f"{memory:,.0f} MB" if isinstance(memory, int | float) else "–",
        "Time so far": duration(taken) if taken is not None else "–",
    }
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in shown.items())
    st.html(f'<dl class="lobule-numbers">{cells}</dl>')


def show_epochs(state: "RunState") -> None:
    """List every finished epoch, folded away."""
    if not state.history:
        return
    with st.expander("Figures by epoch", key="epochs"):
        table(
            (
                *("Epoch", "Phase", "Loss", "validation", "Accuracy", "validation", "AUROC"),
                *("validation", "Learning rate", "Seconds", "Images a second"),
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


def show_log(state: "RunState") -> None:
    """Show the last lines that the run's process printed, folded away."""
    from core.training.jobs import read_log  # noqa: PLC0415 - pandas

    with st.expander("Log", key="log"):
        try:
            text = read_log(state.id, LOG_LINES)
        except LobuleError as error:
            notice(str(error), "error")
            return
        if not text.strip():
            st.caption("The process has printed nothing yet.")
            return
        lines = [visible(line.rpartition("\r")[2]) for line in text.splitlines()]
        st.caption(f"The last lines, at most {LOG_LINES}; all are in the run's folder, log.txt.")
        st.code("\n".join(lines), language=None, height=_LOG_PIXELS)
