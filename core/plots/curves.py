"""How training went, epoch by epoch, as lines."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

HEIGHT_PIXELS, LEGEND_ROW_PIXELS, LEGEND_COLUMNS = 250, 22, 2
_GREY = "#7d8790"


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: its name and mark, and a value for each epoch, None where there is none."""

    name: str
    colour: str
    symbol: str
    epochs: Sequence[int]
    values: Sequence[float | None]
    dashed: bool = False


def curves(
    lines: Sequence[Curve],
    axis: str,
    *,
    kept_epoch: int | None = None,
    phase: int | None = None,
    chance: float | None = None,
    most: float | None = None,
) -> go.Figure:
    """Draw values by epoch; lines differ in colour, mark and dash.

    Parameters
    ----------
    lines
        The first of the legend first.
    axis
        What the values are.
    kept_epoch
        The epoch whose weights are kept, marked by a line.
    phase
        First epoch of a second phase, marked by a line.
    chance
        The value that guessing has, marked by a line.
    most
        The largest value that is possible; None if there is no such limit.
    """
    figure = go.Figure()
    for line in lines:
        figure.add_trace(
            go.Scatter(
                x=list(line.epochs),
                y=list(line.values),
                mode="lines+markers",
                name=line.name,
                line={
                    "color": line.colour,
                    "width": 2,
                    "dash": "dot" if line.dashed else "solid",
                },
                marker={"symbol": line.symbol, "size": 7, "color": line.colour},
                hovertemplate="epoch %{x}: %{y:.4g}<extra>%{fullData.name}</extra>",
            )
        )
    last = max((epoch for line in lines for epoch in line.epochs), default=1)
    if chance is not None:
        figure.add_hline(y=chance, line={"dash": "dot", "width": 1, "color": _GREY})
    for epoch, words, edge in (
        (kept_epoch, "kept", "bottom"),
        (phase, "fine-tuning from here", "top"),
    ):
        if epoch is not None:
            at = epoch - (0.5 if edge == "top" else 0)
            _mark(figure, at, words, edge, before=2 * at > last)
    legend = LEGEND_ROW_PIXELS * -(-len(lines) // LEGEND_COLUMNS)
    figure.update_layout(
        height=HEIGHT_PIXELS + legend,
        margin={"l": 0, "r": 8, "t": legend + 8, "b": 0},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        showlegend=True,
        hovermode="closest",
        uirevision="same",  # a new epoch does not undo somebody's zoom
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(
        title="epoch", range=[0.5, last + 0.5], tickformat="d", zeroline=False, nticks=8
    )
    # With few epochs Plotly would put ticks between them.
    if last <= 8:  # noqa: PLR2004 - as many as there are ticks
        figure.update_xaxes(dtick=1)
    figure.update_yaxes(title=axis, automargin=True, zeroline=False)
    if most is not None:
        figure.update_yaxes(maxallowed=most * 1.02)
    return figure


def _mark(figure: go.Figure, epoch: float, words: str, edge: str, *, before: bool) -> None:
    figure.add_vline(x=epoch, line={"dash": "dash", "width": 1, "color": _GREY})
    figure.add_annotation(
        x=epoch,
        y=1 if edge == "top" else 0,
        yref="paper",
        text=words,
        showarrow=False,
        xanchor="right" if before else "left",
        yanchor=edge,
        font={"size": 11, "color": _GREY},
    )
