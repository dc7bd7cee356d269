"""The maps of an answer: their controls, and the downloads."""

import json
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.maps import HEATMAP, MAP_HELP, View, ask_view, choose_map, draw_map

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.diagnosis import Diagnosis
    from core.imaging.read import Image
    from core.registry.package import Package

FIGURE_ROOM = 560  # screen pixels that an answer takes before its tables begin
_GROWING = 900  # px, the longer side of a picture that grows
_LAYER_HELP = "Deeper layers see larger structures."


def show_maps(diagnosis: "Diagnosis", package: "Package", tag: str) -> str:
    """Draw image and map with one zoom, and return which map; `tag` keeps models' choices apart."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text("Map", help=MAP_HELP, width="content")
        name, values = choose_map(diagnosis, "map")
    drawing = st.container()
    view = ask_view("")
    idle = name != HEATMAP  # kept in place: what is chosen is there again with the heatmap
    positive = package.card.positive_index
    with st.container(horizontal=True, gap="medium"):
        st.selectbox(
            "Heatmap for",
            diagnosis.classes if positive is not None else ("", *diagnosis.classes),
            index=positive or 0,
            format_func=lambda name: name or "the answer",
            key=f"class-{tag}",
            help="The class that the heatmap explains.",
            disabled=idle,
            width=220,
        )
        standard = package.card.heatmap_layer
        others = [layer for layer in _layers(package) if layer != standard]
        st.selectbox(
            "Layer of the heatmap",
            ("", *others),
            format_func=lambda name: name or (f"{standard} (standard)" if others else standard),
            key=f"layer-{tag}",
            help=_LAYER_HELP,
            disabled=idle,
            width=220,
        )
    with drawing:
        draw_map(diagnosis, name, values, view, "pair_figure")
    _downloads(diagnosis, name, values, view)
    return name


def draw_growing(image: "Image", values: "NDArray[np.float32] | None") -> None:
    """Draw an image that is being answered, under as much of its map as there is."""
    from core.imaging.overlay import overlay  # noqa: PLC0415 - OpenCV
    from core.imaging.preview import preview  # noqa: PLC0415
    from core.imaging.resize import resize  # noqa: PLC0415

    height, width = image.pixels.shape[:2]
    share = min(1.0, _GROWING / max(height, width))
    small = resize(image.pixels, max(1, round(height * share)), max(1, round(width * share)))
    drawn = small if values is None else overlay(small, values)
    words = "The image" if values is None else "The map so far"
    st.html(f'<div class="lobule-growing"><img src="{preview(drawn)}" alt="{words}"></div>')


def _downloads(
    diagnosis: "Diagnosis", name: str, values: "NDArray[np.float32]", view: View
) -> None:
    stem = PurePath(diagnosis.name).stem or "image"
    left, right, _ = st.columns([1, 1, 2])
    left.download_button(
        "Overlay, PNG",
        partial(_overlay_png, diagnosis, values, view),
        f"{stem} {name.lower()}.png",
        "image/png",
        key="download_overlay",
        width="stretch",
        on_click="ignore",
        help="Full size.",
    )
    right.download_button(
        "Result, JSON",
        json.dumps(diagnosis.to_json(), indent=2, ensure_ascii=False, allow_nan=False),
        f"{stem}.json",
        "application/json",
        key="download_json",
        width="stretch",
        on_click="ignore",
        help="As `core predict --json` prints it.",
    )


def _overlay_png(diagnosis: "Diagnosis", values: "NDArray[np.float32]", view: View) -> bytes:
    from core.imaging.overlay import encode_png, overlay  # noqa: PLC0415 - OpenCV

    pixels = diagnosis.image.pixels
    return encode_png(overlay(pixels, values, opacity=view.opacity, colour_map=view.colours))


def _layers(package: "Package") -> list[str]:
    from core.explain.one_pass import explainable_layers  # noqa: PLC0415 - loads TensorFlow
    from core.inference.classifier import get_classifier  # noqa: PLC0415

    return explainable_layers(get_classifier(package))
