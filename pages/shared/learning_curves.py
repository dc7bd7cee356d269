"""The curves of one run, and those of several over each other."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from core.plots.curves import Curve, curves
from pages.shared.marks import NEGATIVE, POSITIVE
from pages.shared.plain import visible

if TYPE_CHECKING:
    from core.training.jobs.state import RunState

# Colours of Okabe and Ito (2008), each with a mark of its own.
MARKS = (
    ("#2f83bd", "circle"),
    ("#d55e00", "triangle-up"),
    ("#009e73", "square"),
    ("#cc79a7", "diamond"),
    ("#e69f00", "x"),
    ("#56b4e9", "star"),
    ("#7d8790", "cross"),
    ("#8a6d3b", "hexagon"),
)
_MEASURES = {"Loss": "loss", "AUROC": "auroc", "Accuracy": "accuracy"}
_HELP = (
    "Where the lines part, the network overfits. The epoch of lowest validation loss is "
    "kept. AUROC: how often a positive image ranks above a negative one."
)


def show_curves(state: "RunState") -> None:
    """Draw loss, AUROC and accuracy of a run, training against validation."""
    if not state.history:
        st.caption(_why_none(state))
        return
    st.text(_epochs(len(state.history)), help=_HELP)
    marks = {"": ("training", NEGATIVE, "circle"), "val_": ("validation", POSITIVE, "triangle-up")}
    lines = {
        title: [
            Curve(
                name,
                mark.colour,
                symbol,
                _column(state, "epoch"),
                _column(state, prefix + column),
                dashed=not prefix,
            )
            for prefix, (name, mark, symbol) in marks.items()
        ]
        for title, column in _MEASURES.items()
    }
    _draw(lines, "curves", kept_epoch=_kept(state), phase=_second_phase(state))


def overlay(states: Sequence["RunState"], *, training: bool) -> None:
    """Draw the validation curves of several runs over each other; at most as many as marks."""
    lines: dict[str, list[Curve]] = {}
    for title, column in _MEASURES.items():
        measured = lines.setdefault(title, [])
        for state, (colour, symbol) in zip(states, MARKS, strict=False):
            name = escape(visible(state.request.name), quote=False)
            epochs = _column(state, "epoch")
            measured.append(Curve(name, colour, symbol, epochs, _column(state, f"val_{column}")))
            if training:
                values = _column(state, column)
                measured.append(
                    Curve(f"{name}, training", colour, symbol, epochs, values, dashed=True)
                )
    _draw(lines, "overlay")


def _draw(
    lines: dict[str, list["Curve"]],
    key: str,
    kept_epoch: int | None = None,
    phase: int | None = None,
) -> None:
    with st.container(key=f"curves-{key}"):
        places = st.columns(len(lines), gap="medium")
    for place, (title, measured) in zip(places, lines.items(), strict=True):
        share = title != "Loss"
        place.plotly_chart(
            curves(
                measured,
                title,
                kept_epoch=kept_epoch,
                phase=phase,
                chance=0.5 if title == "AUROC" else None,
                most=1.0 if share else None,
            ),
            key=f"{key}-{title}",
            config={"displayModeBar": False},
            alt=f"{title} by epoch; numbers in the table of epochs.",
        )


def _column(state: "RunState", name: str) -> list:
    return [row.get(name) for row in state.history]


def _kept(state: "RunState") -> int | None:
    judged = [row for row in state.history if isinstance(row.get("val_loss"), int | float)]
    return min(judged, key=lambda row: row["val_loss"])["epoch"] if judged else None


def _second_phase(state: "RunState") -> int | None:
    later = [row["epoch"] for row in state.history if row.get("phase") == "fine-tuning"]
    return later[0] if later else None


def _why_none(state: "RunState") -> str:
    if state.request.recipe.probe:
        return "This recipe fits in one go: no epochs."
    if state.state in {"waiting", "running"}:
        return "Curves appear after the first epoch."
    return "No finished epoch, so no curves."


def _epochs(number: int) -> str:
    return "1 epoch" if number == 1 else f"{number} epochs"
