"""An image and its map: beside each other with one zoom, or one over the other."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from core.registry.card_words import caution_of_map
from pages.shared.plain import notice, quiet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.diagnosis import Diagnosis

HEATMAP, PROBABILITY_MAP = "Heatmap", "Probability map"
BESIDE, SWIPE = "Side by side", "Swipe"
MAP_HELP = (
    "Probability map (larger images): the probability at each place; the line encloses what "
    "reaches the decision threshold. Heatmap (Grad-CAM): what counted for the class. It "
    "shows where, not why, and does not outline a lesion."
)
OPACITY = 70
# Height of a panel over its width: beyond these, an image leaves room at its sides instead.
_LEAST_SHARE, _MOST_SHARE = 0.4, 0.9
_BUTTONS = ["zoomIn2d", "zoomOut2d", "resetScale2d", "zoom2d", "pan2d"]


@dataclass(frozen=True, slots=True)
class View:
    """How an image and its map are to be shown."""

    opacity: float
    """Of the map where it is highest, in [0, 1]."""
    colours: str
    """One of `core.imaging.overlay.COLOUR_MAPS`."""
    cut: float | None
    """Share of the image's width left of which the map is taken away; None for two pictures."""


def choose_map(diagnosis: "Diagnosis", key: str) -> "tuple[str, NDArray[np.float32]]":
    """Ask which map to show, where the image has two; returns its name and values."""
    names = [HEATMAP] if diagnosis.probability_map is None else [PROBABILITY_MAP, HEATMAP]
    name = st.segmented_control(
        "Map",
        names,
        default=names[0],
        required=True,
        key=f"{key}-{len(names)}",
        label_visibility="collapsed",
    )
    if name == PROBABILITY_MAP and diagnosis.probability_map is not None:
        return name, diagnosis.probability_map
    return HEATMAP, diagnosis.heatmap


def ask_view(key: str) -> View:
    """Ask how to show it."""
    from core.imaging.overlay import COLOUR_MAPS  # noqa: PLC0415 - OpenCV, not needed to draw a page

    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        way = st.segmented_control(
            "View",
            [BESIDE, SWIPE],
            default=BESIDE,
            required=True,
            key=f"{key}view",
            width="content",
        )
        cut = None
        if way == SWIPE:
            cut = st.slider("Map begins at, %", 0, 100, 50, 5, key=f"{key}cut", width=200) / 100
        opacity = st.slider(
            "Opacity of the map, %", 0, 100, OPACITY, 5, key=f"{key}opacity", width=200
        )
        colours = st.selectbox(
            "Colours",
            COLOUR_MAPS,
            key=f"{key}colours",
            help="All are safe for colour-blind eyes.",
            width=140,
        )
    return View(opacity / 100, colours, cut)


def draw_map(
    diagnosis: "Diagnosis", name: str, values: "NDArray[np.float32]", view: View, key: str
) -> None:
    """Draw the image and the same image under a map.

    Parameters
    ----------
    diagnosis
        Of the image.
    name, values
        From `choose_map`.
    view
        From `ask_view`.
    key
        Of the figure.
    """
    import numpy as np  # noqa: PLC0415 - there is an answer, so it is loaded

    from core.imaging.preview import colour_scale, preview  # noqa: PLC0415 - OpenCV
    from core.plots.side_by_side import side_by_side  # noqa: PLC0415

    height, width = diagnosis.image.pixels.shape[:2]
    heat, point = name == HEATMAP, diagnosis.operating_point
    figure = side_by_side(
        preview(diagnosis.image.pixels),
        height,
        width,
        values,
        colour_scale=colour_scale(view.colours),
        value_name="heat" if heat else "probability",
        ends=("low", "high") if heat else ("0 %", "100 %"),
        smooth=heat,
        um_per_px=diagnosis.um_per_px,
        level=None if heat or point is None else point.threshold,
        cut=view.cut,
    )
    share = max(_LEAST_SHARE, min(height / width, _MOST_SHARE)) / (1 if view.cut is not None else 2)
    st.html(
        f"<style>.st-key-pair {{ --share: {share:.4f}; --opacity: {view.opacity:.2f}; }}</style>"
    )
    st.container(key="pair").plotly_chart(
        figure,
        height="stretch",
        key=key,
        config={"scrollZoom": True, "displaylogo": False, "modeBarButtons": [_BUTTONS]},
        alt=f"The image, and the same image under its {name.lower()}.",
    )
    if not heat and (caution := caution_of_map(diagnosis.card)):
        notice(caution)
    if heat and not np.nan_to_num(values).any():
        quiet(f"The heatmap is empty: nothing counted for {diagnosis.heatmap_class}.")
