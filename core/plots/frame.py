"""What every figure about a model's answers shares: its frame, and the marks that it wears."""

import plotly.graph_objects as go

GREY = "#7d8790"
MARK_COLOUR = "#c4314b"
LEAKY = "▲ LEAKY SPLIT"
_MARK_PIXELS, _HEIGHT = 22, 400


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


def mark(figure: go.Figure, words: str) -> go.Figure:
    """Write above a figure what speaks against its numbers, as `LEAKY` does."""
    figure.update_layout(
        # A title keeps its room whatever else changes the margins; an annotation would be cut off.
        title={
            "text": f"<b>{words}</b>",
            "font": {"size": 14, "color": MARK_COLOUR},
            "x": 0,
            "xref": "container",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 4},
        },
        margin_t=(figure.layout.margin.t or 0) + _MARK_PIXELS,
        height=(figure.layout.height or _HEIGHT) + _MARK_PIXELS,
    )
    return figure
