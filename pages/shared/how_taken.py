"""The one question where nobody knows the scale: how an image was taken."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.imaging.scale import OBJECTIVES
from pages.shared.picture import show_picture

_PICTURES = Path(__file__).with_name("objectives")
_HELP = "Choose the objective at which nuclei look as large. Computer-drawn tissue."


def ask_how_taken(state: Callable[[float], None], plausible: tuple[float, ...] = ()) -> None:
    """Ask for the objective, with a picture of each.

    Parameters
    ----------
    state
        Takes the scale, µm/px, of the objective that is clicked.
    plausible
        Scales, µm/px, at which a model knows the image.
    """
    with st.container(key="how_taken"):
        st.text("How was this taken?", help=_HELP)
        with st.container(horizontal=True, gap="small"):
            for name, um_per_px in OBJECTIVES.items():
                with st.container(width=168):
                    fits = um_per_px in plausible
                    show_picture(objective(name), f"Tissue at {name}")
                    st.button(
                        f"{name}, {um_per_px:g} µm/px",
                        key=f"taken-{name}",
                        type="primary" if fits else "secondary",
                        width="stretch",
                        on_click=state,
                        args=(um_per_px,),
                        help="A model knows such images." if fits else None,
                    )


def objective(name: str) -> Path:
    """The picture of tissue through an objective, such as "4×"."""
    return _PICTURES / f"{name[:-1]}x.jpg"
