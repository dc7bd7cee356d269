"""What a comparison of encoders came to, in a table."""

from html import escape
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
from pages.shared.plain import as_html, notice, quiet

if TYPE_CHECKING:
    from core.training.compare_encoders import EncoderComparison


def show_comparison_table(comparison: "EncoderComparison", path: Path) -> None:
    """Draw the table, what choosing from it flatters by, and its numbers as a file."""
    patients = comparison.compared[0].evaluation.patients
    quiet(f"{judged_alike(comparison)} Images in {path}.")
    if is_few(patients):
        notice(f"{MARK}: {warning(patients)}")
    columns = titles(comparison)
    head = "".join(
        f'<th scope="col" title="{escape(_meaning(title))}">{as_html(title)}</th>'
        for title in columns
    )
    body = "".join(_row(cells, len(columns)) for cells in rows(comparison))
    st.html(
        '<div class="lobule-scroll" tabindex="0" role="region" aria-label="Encoders compared">'
        f'<table class="lobule-table lobule-figures"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
    for warned in pretrained_on(comparison):
        notice(warned)
    notice(flattery(comparison), "note")
    meanings = "".join(
        f"<dt><b>{as_html(title)}</b></dt><dd>{as_html(meaning)}</dd>"
        for title, meaning in MEANINGS.items()
    )
    st.html(
        "<details><summary>What the columns say</summary>"
        f'<dl class="lobule-how">{meanings}</dl></details>'
    )
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


def _row(cells: tuple[str, ...], columns: int) -> str:
    """A row; an interval stands under its figure."""
    filled = [*cells[1:], *[""] * (columns - len(cells))]
    return (
        f'<tr><th scope="row">{as_html(cells[0])}</th>'
        + "".join(f"<td>{_figure(cell)}</td>" for cell in filled)
        + "</tr>"
    )


def _figure(cell: str) -> str:
    figure, bracket, interval = cell.partition(" (")
    if not bracket:
        return as_html(cell)
    return f"{as_html(figure)}<br><small>{as_html(interval.removesuffix(')'))}</small>"
