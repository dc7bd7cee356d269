"""An image beside its map, with one zoom."""

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.diagnosis import Diagnosis

HEATMAP, PROBABILITY_MAP = "Heatmap", "Probability map"
# Height of a panel over its width: beyond these, an image leaves room at its sides instead.
_LEAST_SHARE, _MOST_SHARE = 0.4, 0.9
_BUTTONS = ["zoomIn2d", "zoomOut2d", "resetScale2d", "zoom2d", "pan2d"]


def choose_map(diagnosis: "Diagnosis", key: str) -> "tuple[str, NDArray[np.float32]]":
    """Ask which map to show, where the image has two; returns its name and values."""
    names = [HEATMAP] if diagnosis.probability_map is None else [HEATMAP, PROBABILITY_MAP]
    name = st.segmented_control(
        "Map",
        names,
        default=HEATMAP,
        required=True,
        key=f"{key}-{len(names)}",
        label_visibility="collapsed",
    )
    if name == PROBABILITY_MAP and diagnosis.probability_map is not None:
        return name, diagnosis.probability_map
    return HEATMAP, diagnosis.heatmap


def ask_opacity(key: str) -> float:
    """Ask how much of the map covers the image, in [0, 1]."""
    return st.slider("Opacity of the map, %", 0, 100, 45, 5, key=key) / 100


def draw_beside(
    diagnosis: "Diagnosis",
    name: str,
    values: "NDArray[np.float32]",
    opacity: float,
    colours: str,
    key: str,
) -> None:
    """Draw the image, and beside it the same image under a map.

    Parameters
    ----------
    diagnosis
        Of the image.
    name, values
        From `choose_map`.
    opacity
        In [0, 1].
    colours
        One of `core.imaging.overlay.COLOUR_MAPS`.
    key
        Of the figure.
    """
    from core.imaging.preview import colour_scale, preview  # noqa: PLC0415 - OpenCV
    from core.plots.side_by_side import side_by_side  # noqa: PLC0415

    height, width = diagnosis.image.pixels.shape[:2]
    heat = name == HEATMAP
    figure = side_by_side(
        preview(diagnosis.image.pixels),
        height,
        width,
        values,
        colour_scale=colour_scale(colours),
        value_name="heat" if heat else "probability",
        ends=("low", "high") if heat else ("0 %", "100 %"),
        smooth=heat,
        um_per_px=diagnosis.um_per_px,
    )
    share = max(_LEAST_SHARE, min(height / width, _MOST_SHARE)) / 2
    st.html(f"<style>.st-key-pair {{ --share: {share:.4f}; --opacity: {opacity:.2f}; }}</style>")
    st.container(key="pair").plotly_chart(
        figure,
        height="stretch",
        key=key,
        config={"scrollZoom": True, "displaylogo": False, "modeBarButtons": [_BUTTONS]},
        alt=f"The image, and beside it the same image under its {name.lower()}.",
    )
