"""What came of a sweep: the table, what the winner is worth, and how to train it."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.figures_table import column_meanings, figures_table
from pages.shared.plain import as_html, notice, quiet

if TYPE_CHECKING:
    from core.training.sweep.jobs import SweepState
    from core.training.sweep.result import SweepResult

_MARK = "▲ "


def show_sweep_result(state: "SweepState", result: "SweepResult") -> None:
    """Draw the table, the verdict on it, and its numbers as a file."""
    from core.training.sweep.table import (  # noqa: PLC0415 - not before there is a result
        MEANINGS,
        command_of_winner,
        judged_alike,
        result_csv,
        rows,
        verdict,
    )

    quiet(judged_alike(result))
    figures_table(MEANINGS, rows(result), caption="Candidates of the sweep")
    column_meanings(MEANINGS)
    lines = verdict(result)
    unmarked = [line for line in lines if not line.startswith(_MARK)]
    st.html("".join(f"<p>{as_html(line)}</p>" for line in unmarked))
    for line in lines:
        if line not in unmarked:
            notice(line.removeprefix(_MARK))
    st.text("To train the winner on all patients:")
    st.code(command_of_winner(result, state.request), language="sh", wrap_lines=True)
    st.download_button(
        "Table, CSV",
        lambda: result_csv(result),
        f"sweep {state.id}.csv",
        "text/csv",
        key=f"download-{state.id}",
        on_click="ignore",
    )
