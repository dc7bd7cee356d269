"""Shares from 0 to 1 as horizontal bars, one a name."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.plots.frame import framed

ROW_PIXELS, MARGIN_PIXELS = 22, 70


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, value, kind (an entry of the legend), and what hovering says."""

    name: str
    value: float
    kind: str
    words: str


def share_bars(
    bars: Sequence[Bar], marks: dict[str, tuple[str, str]], axis: str, *, line: float | None = None
) -> go.Figure:
    """Draw the bars, the first on top; kinds differ in colour and pattern.

    Parameters
    ----------
    bars
        In order.
    marks
        Colour and pattern of each kind, in the order of the legend.
    axis
        What the values are.
    line
        A value that is marked across all bars.
    """
    figure = go.Figure()
    for kind, (colour, pattern) in marks.items():
        of_kind = [(place, bar) for place, bar in enumerate(bars) if bar.kind == kind]
        if of_kind:
            figure.add_trace(
                go.Bar(
                    x=[bar.value for _, bar in of_kind],
                    y=[place for place, _ in of_kind],
                    orientation="h",
                    width=0.75,  # else each kind's bars would be as wide as they are far apart
                    name=kind,
                    marker={
                        "color": colour,
                        "line": {"width": 0},
                        "pattern": {"shape": pattern, "fillmode": "overlay"},
                    },
                    text=[f"{bar.value:.2f}" for _, bar in of_kind],
                    textposition="auto",
                    customdata=[bar.words for _, bar in of_kind],
                    hovertemplate="%{customdata}<extra></extra>",
                )
            )
    if line is not None:
        figure.add_vline(x=line, line={"dash": "dot", "width": 1, "color": "#7d8790"})
    framed(figure, ROW_PIXELS * len(bars) + MARGIN_PIXELS + 30)
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(title=axis, range=[0, 1.02], zeroline=False)
    figure.update_yaxes(
        tickvals=list(range(len(bars))),
        ticktext=[bar.name for bar in bars],
        range=[len(bars) - 0.5, -0.5],
        automargin=True,
        showgrid=False,
    )
    return figure
