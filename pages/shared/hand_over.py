"""An image, or the choice of a model, on its way from another page to Diagnose."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

DIAGNOSE = "pages/diagnose.py"
_ON_ITS_WAY = "handed_over"
_MODEL = "handed_over_model"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A file to diagnose, and what is known of it."""

    file: Path
    name: str
    um_per_px: float | None
    model: str
    """The name of the model that is to answer."""


def hand_over(image: HandedOver) -> None:
    """Go to Diagnose with an image; ends the run."""
    st.session_state[_ON_ITS_WAY] = image
    st.switch_page(DIAGNOSE)


def try_model(name: str) -> None:
    """Go to Diagnose and have a model answer there, by its name on the shelf; ends the run."""
    st.session_state[_MODEL] = name
    st.switch_page(DIAGNOSE)


def take_model() -> str | None:
    """Return the name of the model that another page has chosen, once."""
    name: str | None = st.session_state.pop(_MODEL, None)
    return name


def take_over() -> HandedOver | None:
    """Return the image that another page has sent, once."""
    image: HandedOver | None = st.session_state.pop(_ON_ITS_WAY, None)
    return image
