"""How figures fall as images change by a growing amount."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.plots.frame import GREY, framed

_HEIGHT = 260
_LEGEND_ROWS = 3  # in a narrow column each line of the legend has a row of its own


@dataclass(frozen=True, slots=True)
class Fall:
    """One line: its name and mark, and a value at each amount, None where there is none."""

    name: str
    colour: str
    symbol: str
    values: Sequence[float | None]
    dotted: bool = False


def robustness_figure(
    places: Sequence[float],
    amounts: Sequence[str],
    lines: Sequence[Fall],
    axis: str,
    *,
    least: float,
) -> go.Figure:
    """Draw values against the amount of one change; where nothing is changed is marked.

    Parameters
    ----------
    places
        Where each amount stands on the axis, ascending; 0 is no change.
    amounts
        What is written there.
    lines
        The first of the legend first; each has a value for each place.
    axis
        What the amounts are amounts of.
    least
        Lower end of the vertical axis, so that figures beside each other can be compared.

    Raises
    ------
    ValueError
        If a line has more or fewer values than there are places.
    """
    figure = go.Figure()
    hover = f"{axis} %{{customdata}}: %{{y:.3f}}<extra>%{{fullData.name}}</extra>"
    for line in lines:
        figure.add_trace(
            go.Scatter(
                x=list(places),
                y=[value for _, value in zip(places, line.values, strict=True)],
                customdata=list(amounts),
                mode="lines+markers",
                name=line.name,
                line={
                    "color": line.colour,
                    "width": 2,
                    "dash": "dot" if line.dotted else "solid",
                },
                marker={"symbol": line.symbol, "size": 8, "color": line.colour},
                hovertemplate=hover,
            )
        )
    figure.add_vline(x=0, line={"dash": "dot", "width": 1, "color": GREY})
    framed(figure, _HEIGHT, legend_rows=_LEGEND_ROWS)
    figure.update_xaxes(
        title=axis, tickvals=list(places), ticktext=list(amounts), tickangle=0, zeroline=False
    )
    figure.update_yaxes(range=[least, 1.02], automargin=True, zeroline=False)
    figure.update_layout(uirevision="same")
    return figure
