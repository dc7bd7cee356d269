"""ROC and precision-recall curves, several models or classes over each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from core.plots.frame import GREY, framed

Kind = Literal["roc", "precision-recall"]
Interval = tuple[float, float]
_AXES: dict[Kind, tuple[str, str]] = {
    "roc": ("1 − specificity (false alarms)", "sensitivity"),
    "precision-recall": ("recall (sensitivity)", "precision"),
}
_HEIGHT = 380
_POINT = "#d55e00"
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
    reach: tuple[Interval | None, Interval | None] = (None, None),
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
        Where the operating point lies.
    reach
        Its interval along either axis, drawn as arms of the point; None draws none.
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
        name = "decision threshold" + ", 95 % interval" * any(reach)
        figure.add_trace(
            go.Scatter(
                x=[point[0]],
                y=[point[1]],
                error_x=_arms(point[0], reach[0]),
                error_y=_arms(point[1], reach[1]),
                mode="markers",
                name=name,
                marker={"symbol": "x", "size": 11, "color": _POINT, "line": {"width": 1}},
                hovertemplate=f"{horizontal} %{{x:.3f}}<br>{vertical} %{{y:.3f}}"
                f"<extra>{name}</extra>",
            )
        )
    framed(figure, _HEIGHT, legend_rows=-(-(len(lines) + (point is not None)) // 2))
    figure.update_xaxes(title=horizontal, range=[-0.01, 1.01], zeroline=False, constrain="domain")
    figure.update_yaxes(title=vertical, range=[-0.01, 1.01], zeroline=False)
    figure.update_layout(uirevision="same")
    return figure


def _arms(value: float, ends: Interval | None) -> dict[str, object] | None:
    if ends is None:
        return None
    low, high = ends
    return {
        "type": "data",
        "array": [high - value],
        "arrayminus": [value - low],
        "color": _POINT,
        "thickness": 2,
        "width": 5,
    }
