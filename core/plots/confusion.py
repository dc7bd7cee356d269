"""A confusion matrix: how many images of each class were called what."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.plots.frame import framed

_CELL, _MARGIN, _LEAST = 44, 90, 380
# Solid, so that Plotly can choose black or white text for each cell, on light and dark pages.
_SCALE = [[0.0, "#eaf1f6"], [1.0, "#1a5f8a"]]
_FEW = 3  # names that fit beside each other


def confusion_figure(matrix: NDArray[np.floating], classes: Sequence[str]) -> go.Figure:
    """Draw the matrix with the number and the share of the class's images in each cell.

    Parameters
    ----------
    matrix
        (K, K) images; rows are the truth, columns what was called.
    classes
        Names, in order.
    """
    totals = matrix.sum(axis=1, keepdims=True)
    shares = np.divide(matrix, totals, out=np.zeros_like(matrix, dtype=float), where=totals > 0)
    text = [
        [f"{_number(value)}<br>{share:.0%}" for value, share in zip(row, part, strict=True)]
        for row, part in zip(matrix, shares, strict=True)
    ]
    places = np.arange(len(classes))
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=places,
            y=places,
            text=text,
            texttemplate="%{text}",
            zmin=0,
            zmax=1,
            colorscale=_SCALE,
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{text}<extra></extra>",
        )
    )
    framed(figure, max(_LEAST, _CELL * len(classes) + _MARGIN), legend_rows=0)
    ticks = {"tickvals": places, "ticktext": list(classes), "showgrid": False, "zeroline": False}
    turned = {"tickangle": -90} if len(classes) > _FEW else {}
    figure.update_xaxes(title="called", side="bottom", automargin=True, **turned, **ticks)
    figure.update_yaxes(title="truth", autorange="reversed", automargin=True, **ticks)
    return figure


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
