"""The maps of several methods over the same piece of an image, in one scale of colours."""

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from core.explain.methods.catalogue import METHODS, MethodName
from pages.shared.maps import OPACITY
from pages.shared.plain import as_html

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.diagnosis import Diagnosis
    from core.explain.pieces import Piece

_SIDE = 480  # px, of the longer side of a panel's picture
_WIDTH = 240  # px, of a panel: four beside each other on a wide screen, two at 900 px


def show_panels(
    diagnosis: "Diagnosis",
    piece: "Piece",
    maps: "dict[MethodName, NDArray[np.float32]]",
    marks: dict[str, str],
) -> None:
    """Draw the piece, where it lies, and each map over it."""
    from core.imaging.overlay import overlay  # noqa: PLC0415 - OpenCV, not for drawing a page
    from core.imaging.preview import preview  # noqa: PLC0415

    opacity = st.session_state.get("opacity", OPACITY) / 100
    colours = st.session_state.get("colours", "viridis")
    pixels = _enlarged(piece.of(diagnosis.image.pixels))
    st.html(_scale(colours, diagnosis.heatmap_class))
    info = diagnosis.image.info
    whole = (piece.height, piece.width) == (info.height, info.width)
    with st.container(horizontal=True, gap="small", key="panels"):
        if not whole:
            with st.container(width=_WIDTH):
                st.text("Where the tile lies")
                st.html(_whereabouts(diagnosis, piece))
        with st.container(width=_WIDTH):
            st.text("Image" if whole else "Tile")
            st.html(_picture(preview(pixels), "What is explained, without a map."))
        for name, values in maps.items():
            words = METHODS[name]
            drawn = overlay(pixels, values, opacity=opacity, colour_map=colours)
            with st.container(width=_WIDTH):
                st.text(
                    f"{words.title} ⚠" if name in marks else words.title,
                    help="\n\n".join(filter(None, (words.tooltip, marks.get(name)))),
                )
                empty = "" if values.any() else " Empty: nothing counted for the class."
                st.html(_picture(preview(drawn), f"The {words.title} map.{empty}"))
                if empty:
                    st.caption("Empty: nothing speaks for the class.")


def _enlarged(pixels: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    from core.imaging.resize import resize  # noqa: PLC0415

    height, width = pixels.shape[:2]
    share = _SIDE / max(height, width)
    return resize(pixels, max(1, round(height * share)), max(1, round(width * share)))


def _picture(source: str, alt: str, over: str = "") -> str:
    return f'<div class="lobule-panel"><img src="{source}" alt="{escape(alt)}">{over}</div>'


def _whereabouts(diagnosis: "Diagnosis", piece: "Piece") -> str:
    from core.imaging.preview import preview  # noqa: PLC0415

    pixels = diagnosis.image.pixels
    height, width = pixels.shape[:2]
    edges = (
        ("top", piece.top, height),
        ("left", piece.left, width),
        ("height", min(piece.height, height - piece.top), height),
        ("width", min(piece.width, width - piece.left), width),
    )
    place = ";".join(f"{name}:{100 * value / whole:.2f}%" for name, value, whole in edges)
    alt = "The frame marks the tile."
    return _picture(preview(_enlarged(pixels)), alt, f'<i style="{place}"></i>')


def _scale(colours: str, heatmap_class: str) -> str:
    from core.imaging.preview import colour_scale  # noqa: PLC0415

    stops = ", ".join(colour for _, colour in colour_scale(colours, 9))
    return (
        f'<div class="lobule-scale"><span>Counts for {as_html(heatmap_class)}: least</span>'
        f'<b style="background:linear-gradient(90deg, {stops})"></b><span>most within its map'
        "</span></div>"
    )
