"""Figures with their intervals, two conditions beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

ROW_PIXELS, MARGIN_PIXELS = 30, 70


@dataclass(frozen=True, slots=True)
class Series:
    """One condition: its name, mark, and a value with its interval for each row.

    A value that there is not is None, and so is an interval.
    """

    name: str
    colour: str
    symbol: str
    values: Sequence[float | None]
    intervals: Sequence[tuple[float, float] | None]


def with_intervals(rows: Sequence[str], series: Sequence[Series], axis: str) -> go.Figure:
    """Draw a point and an interval for each row and series, from 0.4 or lower to 1, 0.5 marked."""
    figure = go.Figure()
    step, least = 0.7 / len(series), 0.4
    for number, points in enumerate(series):
        shown = [
            (row, value, ends or (value, value))
            for row, (value, ends) in enumerate(zip(points.values, points.intervals, strict=True))
            if value is not None
        ]
        low = [value - ends[0] for _, value, ends in shown]
        high = [ends[1] - value for _, value, ends in shown]
        least = min([least, *(ends[0] - 0.05 for _, _, ends in shown)])
        figure.add_trace(
            go.Scatter(
                x=[value for _, value, _ in shown],
                y=[row + step * (number - (len(series) - 1) / 2) for row, _, _ in shown],
                mode="markers+text",
                name=points.name,
                text=[f"{value:.2f}" for _, value, _ in shown],
                textposition="top center",
                marker={"color": points.colour, "symbol": points.symbol, "size": 12},
                error_x={"type": "data", "array": high, "arrayminus": low, "thickness": 2},
                hovertemplate="%{x:.3f}<extra>%{fullData.name}</extra>",
            )
        )
    figure.add_vline(x=0.5, line={"dash": "dot", "width": 1, "color": "#7d8790"})
    figure.update_layout(
        height=2 * ROW_PIXELS * len(rows) + 2 * MARGIN_PIXELS,
        margin={"l": 0, "r": 16, "t": 30, "b": 0},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(title=axis, range=[max(least, -0.02), 1.02], zeroline=False)
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=list(rows),
        range=[len(rows) - 0.4, -0.6],
        automargin=True,
        zeroline=False,
        showgrid=False,
    )
    return figure
