"""What every figure about a model's answers shares: its frame, and the mark of a leaky split."""

import plotly.graph_objects as go

GREY = "#7d8790"
LEAKY_COLOUR = "#c4314b"
LEAKY = "▲ leaky split: says nothing about a new patient"
_MARK_PIXELS = 22


def framed(figure: go.Figure, height: int, *, legend_rows: int = 1) -> go.Figure:
    """Give a figure clear ground, tight margins and its legend on top, `height` in pixels."""
    top = 8 + 22 * legend_rows
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 8, "t": top, "b": 0},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        showlegend=legend_rows > 0,
        hovermode="closest",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure


def mark_leaky(figure: go.Figure) -> go.Figure:
    """Write on a figure that its numbers come from a leaky split, under whatever it shows."""
    margin, height = figure.layout.margin, figure.layout.height
    figure.update_layout(
        margin_b=(margin.b or 0) + 2 * _MARK_PIXELS, height=(height or 400) + _MARK_PIXELS
    )
    figure.add_annotation(
        x=0,
        y=0,
        xref="paper",
        yref="paper",
        yshift=-2.6 * _MARK_PIXELS,
        text=f"<b>{LEAKY}</b>",
        showarrow=False,
        xanchor="left",
        yanchor="middle",
        font={"size": 13, "color": LEAKY_COLOUR},
    )
    return figure
