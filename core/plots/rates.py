"""ROC and precision-recall curves, several models or classes over each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from core.plots.frame import GREY, framed

Kind = Literal["roc", "precision-recall"]
_AXES: dict[Kind, tuple[str, str]] = {
    "roc": ("1 − specificity (false alarms)", "sensitivity"),
    "precision-recall": ("recall (sensitivity)", "precision"),
}
_HEIGHT = 380
_DASHES = ("solid", "dash", "dot", "dashdot")


@dataclass(frozen=True, slots=True)
class Rate:
    """One curve: its name and colour, and its points from left to right."""

    name: str
    colour: str
    x: Sequence[float]
    y: Sequence[float]


def rates(
    kind: Kind,
    lines: Sequence[Rate],
    *,
    chance: float | None = None,
    point: tuple[float, float] | None = None,
) -> go.Figure:
    """Draw curves over each other; they differ in colour and dash.

    Parameters
    ----------
    kind
        Which axes.
    lines
        The first of the legend first.
    chance
        Precision-recall: the precision that guessing has. ROC has its diagonal.
    point
        Where the operating point lies on the first curve.
    """
    horizontal, vertical = _AXES[kind]
    figure = go.Figure()
    for number, line in enumerate(lines):
        figure.add_trace(
            go.Scatter(
                x=list(line.x),
                y=list(line.y),
                mode="lines",
                name=line.name,
                line={
                    "color": line.colour,
                    "width": 2.5,
                    "dash": _DASHES[number % len(_DASHES)],
                    "shape": "linear" if kind == "roc" else "vh",
                },
                hovertemplate=f"{horizontal} %{{x:.3f}}<br>{vertical} %{{y:.3f}}"
                "<extra>%{fullData.name}</extra>",
            )
        )
    level = chance if kind == "precision-recall" else None
    if kind == "roc" or level is not None:
        figure.add_shape(
            type="line",
            x0=0,
            x1=1,
            y0=level or 0,
            y1=1 if level is None else level,
            line={"dash": "dot", "width": 1, "color": GREY},
        )
    if point is not None:
        figure.add_trace(
            go.Scatter(
                x=[point[0]],
                y=[point[1]],
                mode="markers",
                name="decision threshold",
                marker={"symbol": "x", "size": 13, "color": "#d55e00", "line": {"width": 1}},
                hovertemplate=f"{horizontal} %{{x:.3f}}<br>{vertical} %{{y:.3f}}"
                "<extra>decision threshold</extra>",
            )
        )
    framed(figure, _HEIGHT, legend_rows=-(-(len(lines) + (point is not None)) // 2))
    figure.update_xaxes(title=horizontal, range=[-0.01, 1.01], zeroline=False, constrain="domain")
    figure.update_yaxes(title=vertical, range=[-0.01, 1.01], zeroline=False)
    figure.update_layout(uirevision="same")
    return figure
