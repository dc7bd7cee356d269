"""A picture of any size as a map to zoom and move in, of tiles that the browser fetches."""

import plotly.graph_objects as go

LonLat = tuple[float, float]
"""Longitude and latitude, degrees."""
# A map of one colour: nothing is fetched from anywhere else.
_GLASS = {"id": "glass", "type": "background", "paint": {"background-color": "#ffffff"}}
# A style must have sources, and Plotly leaves empty ones out.
_SOURCES = {"none": {"type": "geojson", "data": {"type": "Point", "coordinates": [0, 0]}}}
_MODE_BAR = {"bgcolor": "rgba(255,255,255,.9)", "color": "#5b6670", "activecolor": "#1a5f8a"}
_STYLE = {"version": 8, "sources": _SOURCES, "layers": [_GLASS]}


def deep_zoom(
    tiles: str, *, bounds: tuple[LonLat, LonLat], centre: LonLat, zoom: float
) -> go.Figure:
    """Draw tiles as a map.

    Parameters
    ----------
    tiles
        Their absolute address with {z}, {x} and {y}; 256 px each.
    bounds
        Upper left and lower right of what the view keeps to.
    centre, zoom
        Of the view at first.
    """
    (west, north), (east, south) = bounds
    # Without a trace there is no map; this one is never seen.
    unseen = go.Scattermap(lon=[west], lat=[north], mode="markers", opacity=0, hoverinfo="skip")
    return go.Figure(
        unseen,
        layout={
            "map": {
                "style": _STYLE,
                "center": {"lon": centre[0], "lat": centre[1]},
                "zoom": zoom,
                "layers": [{"sourcetype": "raster", "source": [tiles], "below": "traces"}],
                "bounds": {"west": west, "east": east, "north": north, "south": south},
            },
            "uirevision": "stays",  # the view, where Plotly draws again
            "dragmode": "pan",
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "showlegend": False,
            "modebar": _MODE_BAR,
        },
    )
