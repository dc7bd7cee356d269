"""What a comparison of encoders came to, in a table."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.evaluation.few_patients import MARK, is_few, warning
from core.training.comparison_table import (
    MEANINGS,
    comparison_csv,
    flattery,
    judged_alike,
    pretrained_on,
    rows,
    titles,
)
from pages.shared.figures_table import column_meanings, figures_table
from pages.shared.plain import notice, quiet

if TYPE_CHECKING:
    from core.training.compare_encoders import EncoderComparison


def show_comparison_table(comparison: "EncoderComparison", path: Path) -> None:
    """Draw the table, what choosing from it flatters by, and its numbers as a file."""
    patients = comparison.compared[0].evaluation.patients
    quiet(f"{judged_alike(comparison)} Images in {path}.")
    if is_few(patients):
        notice(f"{MARK}: {warning(patients)}")
    columns = {title: _meaning(title) for title in titles(comparison)}
    figures_table(columns, rows(comparison), caption="Encoders compared")
    for warned in pretrained_on(comparison):
        notice(warned)
    notice(flattery(comparison), "note")
    column_meanings(MEANINGS)
    st.download_button(
        "Comparison, CSV",
        lambda: comparison_csv(comparison),
        "encoders compared.csv",
        "text/csv",
        key="download-comparison",
        on_click="ignore",
    )


def _meaning(title: str) -> str:
    """What a column means; those of stain shifts begin alike."""
    return next((meaning for start, meaning in MEANINGS.items() if title.startswith(start)), "")
