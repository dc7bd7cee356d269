"""The maps of an answer: their controls, and the downloads."""

import json
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.maps import ask_opacity, choose_map, draw_beside

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.diagnosis import Diagnosis
    from core.registry.package import Package

FIGURE_ROOM = 560  # screen pixels that an answer takes before its tables begin
_MAP_HELP = (
    "Heatmap: Grad-CAM, where the network found what speaks for the class. It shows where, not "
    "why, and outlines no lesion. Probability map (larger images): the probability of each "
    "place."
)
_LAYER_HELP = "Deeper layers see larger structures, earlier ones finer detail."


def show_maps(diagnosis: "Diagnosis", package: "Package", tag: str) -> None:
    """Draw image and map with one zoom; `tag` keeps the choices of each model apart."""
    from core.imaging.overlay import COLOUR_MAPS  # noqa: PLC0415 - OpenCV, not needed to draw a page

    drawing = st.container()
    columns = st.columns([3, 2, 3, 3], gap="medium")
    with columns[0]:
        opacity = ask_opacity("opacity")
    colours = columns[1].selectbox(
        "Colours", COLOUR_MAPS, key="colours", help="All are safe for colour-blind eyes."
    )
    positive = package.card.positive_index
    columns[2].selectbox(
        "Heatmap for",
        diagnosis.classes if positive is not None else ("", *diagnosis.classes),
        index=positive or 0,
        format_func=lambda name: name or "the answer",
        key=f"class-{tag}",
        help="The class that the heatmap explains.",
    )
    standard = package.card.heatmap_layer
    columns[3].selectbox(
        "Layer",
        ("", *(layer for layer in _layers(package) if layer != standard)),
        format_func=lambda name: name or f"{standard} (standard)",
        key=f"layer-{tag}",
        help=_LAYER_HELP,
    )
    with drawing:
        left, right = st.columns(2, vertical_alignment="center", wrap=False)
        left.text("Image")
        with right.container(horizontal=True, vertical_alignment="center"):
            st.text("Map", help=_MAP_HELP)
            name, values = choose_map(diagnosis, "map")
        draw_beside(diagnosis, name, values, opacity, colours, "pair_figure")
    _downloads(diagnosis, name, values, opacity, colours)


def _downloads(
    diagnosis: "Diagnosis", name: str, values: "NDArray[np.float32]", opacity: float, colours: str
) -> None:
    stem = PurePath(diagnosis.name).stem or "image"
    left, right, _ = st.columns([1, 1, 2])
    left.download_button(
        "Overlay, PNG",
        partial(_overlay_png, diagnosis, values, opacity, colours),
        f"{stem} {name.lower()}.png",
        "image/png",
        key="download_overlay",
        width="stretch",
        on_click="ignore",
        help="At full size, as shown.",
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


def _overlay_png(
    diagnosis: "Diagnosis", values: "NDArray[np.float32]", opacity: float, colours: str
) -> bytes:
    from core.imaging.overlay import encode_png, overlay  # noqa: PLC0415 - OpenCV

    pixels = diagnosis.image.pixels
    return encode_png(overlay(pixels, values, opacity=opacity, colour_map=colours))


def _layers(package: "Package") -> list[str]:
    from core.explain.one_pass import explainable_layers  # noqa: PLC0415 - loads TensorFlow
    from core.inference.classifier import get_classifier  # noqa: PLC0415

    return explainable_layers(get_classifier(package))
