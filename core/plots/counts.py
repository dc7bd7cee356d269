"""How many images there are of each kind, as stacked bars."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

ROW_PIXELS, MARGIN_PIXELS, LEGEND_PIXELS = 24, 34, 30
PATTERNS = ("", "/", "x", "-", "\\", "+", "|", ".")
_LONGEST_NAME = 26


def stacked_counts(
    names: Sequence[str],
    counts: NDArray[np.int64],
    classes: Sequence[str],
    colours: Sequence[str],
) -> go.Figure:
    """Draw one horizontal bar a name, divided by class; classes differ in pattern too.

    Parameters
    ----------
    names
        Of the bars, the first on top.
    counts
        (names, classes), images.
    classes, colours
        Name and CSS colour of each class.
    """
    figure = go.Figure()
    # Bars sit at numbers, not at names: two long names may look the same when shortened.
    places = np.arange(len(names))
    for number, (name, colour) in enumerate(zip(classes, colours, strict=True)):
        figure.add_trace(
            go.Bar(
                x=counts[:, number],
                y=places,
                orientation="h",
                name=name,
                marker={
                    "color": colour,
                    "line": {"width": 0},
                    "pattern": {"shape": PATTERNS[number % len(PATTERNS)], "fillmode": "overlay"},
                },
                customdata=list(names),
                hovertemplate="%{customdata}: %{x:,} images<extra>%{fullData.name}</extra>",
            )
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.25,
        height=ROW_PIXELS * len(names) + MARGIN_PIXELS + LEGEND_PIXELS,
        margin={"l": 0, "r": 8, "t": LEGEND_PIXELS, "b": 0},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"},
        showlegend=len(classes) > 1,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_yaxes(
        autorange="reversed",
        tickvals=places,
        ticktext=[shortened(name) for name in names],
        automargin=True,
    )
    figure.update_xaxes(rangemode="tozero", tickformat=",d", nticks=5)
    return figure


def shortened(name: str) -> str:
    """A name as it fits beside a bar: its two ends."""
    half = _LONGEST_NAME // 2
    return name if len(name) <= _LONGEST_NAME else f"{name[:half]}…{name[-half:]}"
