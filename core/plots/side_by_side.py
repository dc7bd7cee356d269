"""An image and the same image under a map of values, zoomed and moved together, or in one."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

ColourScale = list[tuple[float, str]]

# Values finer than the screen shows only make the figure slow to send.
LONGEST_MAP_SIDE = 256
SCALE_BAR_SHARE = 0.25  # of the image's width, at most


def side_by_side(
    image: str,
    height: int,
    width: int,
    values: NDArray[np.floating],
    *,
    colour_scale: ColourScale,
    value_name: str,
    ends: tuple[str, str],
    smooth: bool,
    um_per_px: float | None,
    level: float | None = None,
    cut: float | None = None,
) -> go.Figure:
    """Draw an image twice, the right one under its map, with one zoom; or once, half under it.

    Parameters
    ----------
    image
        The picture as a `data:` address.
    height, width
        The picture's full size in pixels, which the axes count.
    values
        (h, w) in [0, 1], stretched over the picture; NaN is left clear.
    colour_scale
        Pairs of a value in [0, 1] and its CSS colour, in order.
    value_name
        What the values are, in a word, for the label under the cursor.
    ends
        What 0 and 1 are called on the colour bar.
    smooth
        Whether the map is drawn without visible cells.
    um_per_px
        The scale, for the scale bar; None draws none.
    level
        Where values reach it, a line goes round; None draws none.
    cut
        Draw one image that is under its map right of this share of its width; None draws two.

    Returns
    -------
    go.Figure
        Axes in image pixels, y downwards. The map is opaque: whoever shows it sets the opacity of
        `.heatmaplayer`, so that a new opacity draws nothing anew and keeps the zoom.
    """
    figure = go.Figure()
    over = "2" if cut is None else ""
    if cut is not None:
        values = values.copy()
        values[:, : round(cut * values.shape[1])] = np.nan
    for panel in sorted({"", over}):
        figure.add_layout_image(
            source=image,
            xref=f"x{panel}",
            yref=f"y{panel}",
            x=0,
            y=0,
            sizex=width,
            sizey=height,
            sizing="stretch",
            layer="below",
        )
    # A trace without points keeps the left axes alive.
    figure.add_trace(go.Scatter(x=[0, width], y=[0, height], mode="none", hoverinfo="skip"))
    drawn = _map(values, height, width, colour_scale, value_name, ends, smooth=smooth)
    drawn.update(xaxis=f"x{over}", yaxis=f"y{over}")
    figure.add_trace(drawn)
    if level is not None:
        figure.add_traces(_lines(drawn, level))
    _link_axes(figure, height, width, two=cut is None)
    if cut is not None:
        figure.add_vline(cut * width, line={"color": "black", "width": 2})
    if um_per_px:
        _add_scale_bar(figure, height, width, um_per_px)
    figure.update_layout(
        margin={"l": 0, "r": 0, "t": 4, "b": 4},
        showlegend=False,
        dragmode="pan",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure


def scale_bar_length(width: int, um_per_px: float) -> float:
    """Return a round length in µm (1, 2 or 5 times a power of ten) under a quarter of the width."""
    longest = SCALE_BAR_SHARE * width * um_per_px
    power = 10.0 ** np.floor(np.log10(longest))
    return float(power * max(step for step in (1, 2, 5) if step * power <= longest))


def _map(
    values: NDArray[np.floating],
    height: int,
    width: int,
    colour_scale: ColourScale,
    value_name: str,
    ends: tuple[str, str],
    *,
    smooth: bool,
) -> go.Heatmap:
    rows, columns = (
        np.linspace(0, side - 1, min(side, LONGEST_MAP_SIDE)).round().astype(int)
        for side in values.shape
    )
    thinned = values[np.ix_(rows, columns)].astype(np.float32)
    ticks = {"tickvals": [0, 1], "ticktext": ends}
    dy, dx = height / thinned.shape[0], width / thinned.shape[1]
    return go.Heatmap(
        z=thinned,
        x0=dx / 2,
        dx=dx,
        y0=dy / 2,
        dy=dy,
        zmin=0,
        zmax=1,
        colorscale=[list(stop) for stop in colour_scale],
        zsmooth="best" if smooth else False,
        hoverongaps=False,
        hovertemplate=f"{value_name} %{{z:.2f}}<extra></extra>",
        # Its upper end stays clear of the buttons in the corner.
        colorbar={
            "thickness": 10,
            "len": 0.9,
            "y": 0,
            "yanchor": "bottom",
            "outlinewidth": 0,
            "xpad": 6,
            **ticks,
        },
    )


def _lines(drawn: go.Heatmap, level: float) -> list[go.Contour]:
    """A black line within a white one round what reaches a level: seen on any tissue."""
    places = {name: drawn[name] for name in ("z", "x0", "dx", "y0", "dy", "xaxis", "yaxis")}
    contours = {"start": level, "end": level, "size": 1, "coloring": "none", "showlabels": False}
    return [
        go.Contour(
            **places,
            contours=contours,
            line={"color": colour, "width": thickness, "smoothing": 0.6},
            showscale=False,
            hoverinfo="skip",
        )
        for colour, thickness in (("white", 4), ("black", 1.5))
    ]


def _link_axes(figure: go.Figure, height: int, width: int, *, two: bool) -> None:
    hidden = {
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "ticks": "",
        "constrain": "domain",
    }
    figure.update_layout(xaxis={"anchor": "y"}, yaxis={"anchor": "x", "scaleanchor": "x"})
    if two:
        figure.update_layout(
            xaxis={"domain": [0, 0.495]},
            xaxis2={"domain": [0.505, 1], "anchor": "y2"},
            yaxis2={"anchor": "x2"},
        )
    figure.update_xaxes(range=[0, width], minallowed=0, maxallowed=width, matches="x", **hidden)
    figure.update_yaxes(range=[height, 0], minallowed=0, maxallowed=height, matches="y", **hidden)


def _add_scale_bar(figure: go.Figure, height: int, width: int, um_per_px: float) -> None:
    length = scale_bar_length(width, um_per_px)
    left, right = 0.03 * width, 0.03 * width + length / um_per_px
    words = f"{length / 1000:g} mm" if length >= 1000 else f"{length:g} µm"  # noqa: PLR2004 - µm in a mm
    for colour, thickness in (("white", 7), ("black", 3)):
        figure.add_shape(
            type="line",
            x0=left,
            x1=right,
            y0=0.955 * height,
            y1=0.955 * height,
            line={"color": colour, "width": thickness},
        )
    figure.add_annotation(
        x=(left + right) / 2,
        y=0.93 * height,
        text=words,
        showarrow=False,
        yanchor="bottom",
        font={"color": "black", "size": 12},
        bgcolor="rgba(255,255,255,0.75)",
    )
