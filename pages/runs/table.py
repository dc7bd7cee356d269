"""All runs: a list to choose from, a table to sort, and curves of some over each other."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.evaluation.few_patients import marked
from pages.runs.result import evaluation_of
from pages.runs.words import (
    SYMBOLS,
    active,
    as_markdown,
    moment,
    seconds_of,
    split_words,
    state_words,
)
from pages.shared.learning_curves import MARKS, overlay
from pages.shared.plain import notice, visible

if TYPE_CHECKING:
    from core.training.jobs import RunState, UnreadableRun


NEW, ALL = "new", "all"
MOST_LISTED = 12


def chosen_run(number: int) -> str:
    """What the address asks for, if there are so many runs and sweeps: a run's id, `NEW`, `ALL`."""
    return st.query_params.get("run") or (ALL if number else NEW)


def choose(run: str) -> None:
    """Turn the page to a run, to `NEW` or to `ALL`; the address says so, for a refresh."""
    st.query_params["run"] = run


def show_list(
    states: list["RunState"], unreadable: list["UnreadableRun"], sweeps: int, chosen: str
) -> None:
    """Draw the way to a new run, to all of them and the sweeps, and to each of the recent ones."""
    _entry("New run", NEW, chosen, icon=":material/add:")
    number = len(states) + len(unreadable)
    if not number and not sweeps:
        st.caption("No runs yet.")
        return
    swept = f", sweeps ({sweeps:,})" if sweeps else ""
    _entry(f"All runs ({number:,}){swept}", ALL, chosen, icon=":material/table_rows:")
    if states:
        st.caption("Recent")
    for state in states[:MOST_LISTED]:
        label = f"{SYMBOLS[state.state]} {as_markdown(state.request.name)}"
        leaky = ", ⚠ leaky split" if state.request.recipe.split == "image" else ""
        means = f"{state.state}{leaky}, asked {moment(state.asked)}"
        _entry(label, state.id, chosen, means=means)


def _entry(
    label: str, run: str, chosen: str, icon: str | None = None, means: str | None = None
) -> None:
    st.button(
        label,
        key=f"show-{run}",
        type="secondary" if run == chosen else "tertiary",
        icon=icon,
        help=means,
        width="stretch",
        on_click=choose,
        args=(run,),
    )


def show_all(states: list["RunState"], unreadable: list["UnreadableRun"]) -> None:
    """Draw every run, what was selected of them, and those that cannot be read."""
    st.title("Training runs", anchor=False)
    for run in unreadable:
        notice(run.reason)
    if not states and not unreadable:
        st.text("No runs yet. Start one under New run.")
    if not states:
        return
    st.caption("Tick runs to compare or open them.")
    picked = st.dataframe(
        _columns(states),
        # What is ticked are rows: when there is a new run, they are those of others.
        key=f"all_runs-{len(states)}-{states[0].id}",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="–",
        column_config=_CONFIG,
    )
    rows = [row for row in picked["selection"]["rows"] if row < len(states)]
    _show_selected([states[row] for row in rows])


def _show_selected(chosen: list["RunState"]) -> None:
    if not chosen:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        for state in chosen[: len(MARKS)]:
            st.button(f"Open {state.id}", key=f"open-{state.id}", on_click=choose, args=(state.id,))
    drawn = [state for state in chosen if state.history][: len(MARKS)]
    if len(chosen) > len(MARKS):
        st.caption(f"The first {len(MARKS)} of {len(chosen)} ticked runs are shown.")
    if not drawn:
        st.caption("No curves: no finished epoch.")
        return
    training = st.toggle("Training too, dotted", key="overlay_training")
    st.text(
        "Validation, epoch by epoch",
        help="Comparable only with the same split and seed.",
    )
    overlay(drawn, training=training)


def _dataset(path: Path) -> str:
    """A folder's name; manifests may all be called the same, so theirs goes with the folder."""
    return f"{path.parent.name}/{path.name}" if path.suffix else path.name


def _columns(states: list["RunState"]) -> dict[str, list[object]]:
    evaluations = [evaluation_of(state) for state in states]
    taken = [seconds_of(state) for state in states]
    return {
        "State": [state_words(state) for state in states],
        "Name": [visible(state.request.name) for state in states],
        "Recipe": [visible(state.request.recipe.name) for state in states],
        "Split": [split_words(state) for state in states],
        "Dataset": [visible(_dataset(state.request.data)) for state in states],
        "AUROC": [evaluation.auroc if evaluation else None for evaluation in evaluations],
        "AUROC is": [evaluation.auroc_is if evaluation else None for evaluation in evaluations],
        "95 % interval": [
            marked(
                f"{evaluation.auroc_interval[0]:.3f} to {evaluation.auroc_interval[1]:.3f}",
                evaluation.patients,
            )
            if evaluation and evaluation.auroc_interval
            else None
            for evaluation in evaluations
        ],
        "Colour alone": [
            evaluation.colour_auroc if evaluation else None for evaluation in evaluations
        ],
        "Patients": [evaluation.patients if evaluation else None for evaluation in evaluations],
        "Images": [evaluation.images if evaluation else None for evaluation in evaluations],
        "Epochs": [len(state.history) for state in states],
        "Started": [state.started for state in states],
        "Minutes": [
            seconds / 60 if seconds is not None and not active(state) else None
            for state, seconds in zip(states, taken, strict=True)
        ],
    }


_number = st.column_config.NumberColumn
_CONFIG = {
    "AUROC": _number(
        format="%.3f",
        help="How often a positive held-out image ranks above a negative one; 0.5 is chance.",
    ),
    "95 % interval": st.column_config.TextColumn(help="Of the AUROC, over patients."),
    "Colour alone": _number(
        format="%.3f",
        help="AUROC of the same task from colours only.",
    ),
    "Patients": _number(format="localized", help="Held out."),
    "Images": _number(format="localized", help="Held out."),
    "Epochs": _number(format="localized", help="Finished ones."),
    "Started": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
    "Minutes": _number(format="%.1f", help="From its start to its end."),
    "Name": st.column_config.TextColumn(pinned=True, width="medium"),
}
