"""One slide, or two beside each other, as maps to zoom and move in."""

import math
from typing import TYPE_CHECKING

import streamlit as st

from core.slides.in_words import size_words
from pages.shared.plain import as_html
from pages.viewer.addresses import slide_tiles, thumbnail
from pages.viewer.answers import is_answering, look_there, standing
from pages.viewer.choice import returns
from pages.viewer.laid import laid_maps, outlines_of
from pages.viewer.legend import legend_of
from pages.viewer.look import MapLook
from pages.viewer.opening import SlideView
from pages.viewer.pointed import going, note_pointed, part_asked
from pages.viewer.steering import Pane, steer, take_looked, take_pointed

if TYPE_CHECKING:
    import plotly.graph_objects as go

Beginning = tuple[float, float, float]
"""x and y of the middle of a view, and screen pixels a slide pixel."""
_GROW_SECONDS = 2.0
_BEGINNINGS = "slides_beginnings"
_CONFIG = {
    "scrollZoom": True,
    "doubleClick": False,
    "displayModeBar": True,
    "modeBarButtons": [["pan2d", "select2d", "lasso2d"]],
}
# Of a map before the browser says how large it is; it then fits the slide itself.
_SCREEN = (800, 600)
_LEAST_MARGIN = 8192  # px
_SMALLEST, _LARGEST = 2**-16, 2.0  # screen pixels a slide pixel, that a map can show


def show_view(views: list[SlideView], look: MapLook) -> None:
    """Draw the slides, and keep what is pointed at on them."""
    note_pointed(views, take_pointed())
    st.html('<h1 class="lobule-unseen">Slides</h1>')
    if len(views) == 1:
        _show_name(views[0])
    toolbar = st.container()
    with st.container(key="beside-slides"):
        columns = st.columns(len(views), gap="small")
    for pane, (view, column) in enumerate(zip(views, columns, strict=True)):
        if len(views) > 1:
            with column:
                _show_name(view, of_model=True)
        with column, st.container(key=_key(view, pane)):
            st.plotly_chart(
                _figure(view, _beginning(view)),
                height="stretch",
                theme=None,
                key=f"{_key(view, pane)}_chart",
                config=_CONFIG,
                alt=f"The slide {view.info.name}, to zoom and move in.",
            )
    with toolbar:
        drawn, growing = standing(views), is_answering(views)
        every = _GROW_SECONDS if growing else None
        st.fragment(_steer, run_every=every)(views, look, drawn, growing=growing)


def _steer(
    views: list[SlideView], look: MapLook, drawn: tuple[str | None, ...], *, growing: bool
) -> None:
    """Lay the maps over the slides; called again and again while one of them grows."""
    if note_pointed(views, take_pointed()) or standing(views) != drawn:
        st.rerun()
    if looked := take_looked():
        look_there(views, looked)
    panes = _panes(views, look)
    mapped = next((view for view, pane in zip(views, panes, strict=True) if pane.maps), None)
    legend = legend_of(mapped, look) if mapped else None
    steer(panes, linked=look.linked, watched=growing, going=going(), legend=legend)


def _panes(views: list[SlideView], look: MapLook) -> list[Pane]:
    part = part_asked(views)
    panes = []
    for pane, view in enumerate(views):
        pane_part = part if part and part.pane == pane else None
        panes.append(
            Pane(
                key=_key(view, pane),
                width=view.info.width,
                height=view.info.height,
                um=view.um_per_px,
                picture=thumbnail(view.slide_id),
                fits=_beginning(view) is None,
                returns=returns(),
                maps=laid_maps(view, pane_part, look),
                outlines=outlines_of(view, pane_part) if look.outlined else [],
                marked=[pane_part.polygon] if pane_part else [],
            )
        )
    return panes


def _figure(view: SlideView, beginning: Beginning | None) -> "go.Figure":
    from core.plots.deep_zoom import deep_zoom  # noqa: PLC0415 - Plotly, not needed for the list
    from core.slides.frame import NATIVE_ZOOM, fit_zoom, lon_lat  # noqa: PLC0415

    width, height = view.info.width, view.info.height
    if beginning is None:
        centre, zoom = (width / 2, height / 2), fit_zoom(width, height, *_SCREEN)
    else:
        centre, zoom = beginning[:2], NATIVE_ZOOM + math.log2(beginning[2])
    # Far enough beyond the edges to have any of it in the middle, and a small slide on any screen.
    margin = max(width, height, _LEAST_MARGIN)
    return deep_zoom(
        slide_tiles(view.slide_id),
        bounds=(lon_lat(-margin, -margin), lon_lat(width + margin, height + margin)),
        centre=lon_lat(*centre),
        zoom=zoom,
    )


def _key(view: SlideView, pane: int) -> str:
    """Of the container of a map: another slide is another map."""
    return f"slide_pane_{pane}_{view.slide_id}"


def _show_name(view: SlideView, *, of_model: bool = False) -> None:
    info = view.info
    size = f"{info.width:,} × {info.height:,} px"
    scale = "scale not known"
    if view.um_per_px:
        millimetres = size_words(info.width, info.height, view.um_per_px)
        scale = f"{view.um_per_px:.3g} µm/px · {millimetres}"
    facts = f"{info.format} · {size} · {scale}"
    if of_model:  # two have little room
        facts = view.package.card.title if view.package else scale
    st.html(
        f'<div class="lobule-file"><h2 class="lobule-model">{as_html(info.name)}</h2>'
        f'<span class="lobule-quiet">{as_html(facts)}</span></div>'
    )


def _beginning(view: SlideView) -> Beginning | None:
    """Where the view of a slide begins, by the address; None where all of it is to be seen.

    The browser changes the address as the view moves. What it was when the slide came on show
    stays, or a figure with another beginning would be drawn anew.
    """
    beginnings: dict[str, Beginning | None] = st.session_state.setdefault(_BEGINNINGS, {})
    if view.slide_id not in beginnings:
        beginnings[view.slide_id] = _beginning_of_address(view)
    return beginnings[view.slide_id]


def _beginning_of_address(view: SlideView) -> Beginning | None:
    try:
        x, y, zoom = (float(st.query_params[name]) for name in ("x", "y", "zoom"))
    except (KeyError, ValueError):
        return None
    inside = 0 <= x <= view.info.width and 0 <= y <= view.info.height
    return (x, y, zoom) if inside and _SMALLEST <= zoom <= _LARGEST else None
