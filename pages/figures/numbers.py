"""A chart, marked where its numbers leak, and the numbers themselves for the account."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from core.documents.letters import neutral
from core.plots.frame import mark
from pages.figures.evaluated import EvaluatedModel
from pages.shared.account import add, paragraph

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


def show_chart(
    figure: "go.Figure",
    model: EvaluatedModel,
    numbers: "pd.DataFrame",
    name: str,
    how: str,
    *,
    alt: str,
    source: str | None = None,
) -> None:
    """Draw a chart; its numbers, and how to work them out, go to the account of the page.

    Parameters
    ----------
    figure
        The chart; it is marked here if its numbers leak, or are of few patients.
    model
        Whose answers it shows.
    numbers
        What it shows, a row a point.
    name
        What the chart is called, in keys, file names and the account.
    how
        How to get these numbers out of their source.
    alt
        The chart in words.
    source
        What the numbers are from; without it the table of answers.
    """
    if words := model.chart_mark:
        figure = mark(figure, words)
    st.plotly_chart(figure, key=f"chart-{name}", config={"displayModeBar": False}, alt=alt)
    offer_numbers(model, numbers, name, how, source)


def offer_numbers(
    model: EvaluatedModel,
    numbers: "pd.DataFrame",
    name: str,
    how: str,
    source: str | None = None,
) -> None:
    """Have some numbers in the account of the page: to download, and how to work them out."""
    leaky = " LEAKY" if model.leaky else ""
    title = name[0].upper() + name[1:]

    def draw() -> None:
        with st.container(horizontal=True, vertical_alignment="center", key=f"numbers-{name}"):
            st.download_button(
                f"{title}, CSV",
                lambda: as_csv(numbers),
                f"{model.package.card.name}{leaky} {name}.csv",
                "text/csv",
                key=f"download-{name}",
                on_click="ignore",
            )
            paragraph(title, f"from {source or model.table.name}: {how}")

    add(draw)


def offer_predictions(model: EvaluatedModel) -> None:
    """Have the table in the account that every figure follows from."""

    def draw() -> None:
        st.download_button(
            "All predictions, CSV",
            model.table.read_bytes,
            f"{model.package.card.name} predictions.csv",
            "text/csv",
            key="download-predictions",
            on_click="ignore",
            help="One row per image and round; every figure here follows from it.",
        )

    add(draw)


def as_csv(table: "pd.DataFrame") -> bytes:
    """A table as a file that a spreadsheet opens without running anything in it."""

    def cell(value: Any) -> Any:
        return neutral(value) if isinstance(value, str) else value

    return table.map(cell).to_csv(index=False).encode("utf-8-sig")
