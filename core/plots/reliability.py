"""A reliability diagram: is what is said as often true as it says."""

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.plots.frame import GREY, framed

_HEIGHT = 430


def reliability_figure(
    predicted: Sequence[float],
    observed: Sequence[float],
    images: Sequence[float],
    edges: Sequence[tuple[float, float]],
    event: str,
) -> go.Figure:
    """Draw the share that is true against the mean probability of each bin, images below.

    Parameters
    ----------
    predicted, observed
        Of each bin, in [0, 1].
    images
        Answers in it.
    edges
        Where the bin begins and ends.
    event
        What the probability is of.
    """
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.75, 0.25], vertical_spacing=0.04
    )
    figure.add_trace(
        go.Scatter(
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            name="as said",
            line={"dash": "dot", "width": 1, "color": GREY},
            hoverinfo="skip",
        ),
        row=1,
        col=1,
    )
    figure.add_trace(
        go.Scatter(
            x=list(predicted),
            y=list(observed),
            mode="lines+markers",
            name="as observed",
            marker={"size": 9, "color": "#d55e00"},
            line={"color": "#d55e00", "width": 2},
            customdata=list(images),
            hovertemplate="said %{x:.3f}, observed %{y:.3f}<br>%{customdata:,.0f} answers"
            "<extra></extra>",
        ),
        row=1,
        col=1,
    )
    figure.add_trace(
        go.Bar(
            x=[(low + high) / 2 for low, high in edges],
            y=list(images),
            width=[0.94 * (high - low) for low, high in edges],
            name="answers",
            marker={"color": GREY},
            showlegend=False,
            hovertemplate="%{y:,.0f} answers<extra></extra>",
        ),
        row=2,
        col=1,
    )
    framed(figure, _HEIGHT)
    figure.update_xaxes(range=[-0.01, 1.01], zeroline=False)
    figure.update_xaxes(title=f"probability of {event}", row=2, col=1)
    figure.update_yaxes(title="share that is so", range=[-0.02, 1.02], zeroline=False, row=1, col=1)
    figure.update_yaxes(title="answers", nticks=3, row=2, col=1)
    return figure
