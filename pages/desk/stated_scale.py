"""The scale of the images: asked from the user, for the case and for one image."""

import streamlit as st

from core.datasets.published_scale import BREAKHIS_UM_PER_PX
from core.imaging.scale import HIGHEST, LOWEST
from pages.desk.state import Desk, Scale

_UM_PER_PX, _MAGNIFICATION = "um_per_px", "magnification"
_HELP = (
    "As the scanner or microscope states it. Empty: as each file states. For one image only: "
    "under More."
)


def ask_for_scale(desk: Desk) -> None:
    """Draw the inputs for the scale of the case's images; nothing need be stated."""
    desk.scale = _ask(desk.scale, "", "Scale of the images, µm/px", "as the files state", _HELP)


def ask_for_own_scale(desk: Desk, image_id: str) -> None:
    """Draw the inputs for the scale of one image that differs from the others."""
    scale = _ask(
        desk.scales.get(image_id),
        f"-{image_id}",
        "Scale of this image alone, µm/px",
        "as the other images",
        "If its magnification differs.",
    )
    if scale != desk.scales.get(image_id):
        if scale is None:
            desk.scales.pop(image_id, None)
        else:
            desk.scales[image_id] = scale
        st.rerun()


def state_for_case(um_per_px: float) -> None:
    """Take a scale as stated for the case's images; for the click on a button."""
    st.session_state[_UM_PER_PX] = um_per_px
    st.session_state[_MAGNIFICATION] = None


def forget_scale() -> None:
    """Empty the inputs for the scale of the case."""
    for name in (_UM_PER_PX, _MAGNIFICATION):
        st.session_state.pop(name, None)


def _ask(
    stated: Scale | None, whose: str, label: str, placeholder: str, help_text: str
) -> Scale | None:
    number, magnification = f"{_UM_PER_PX}{whose}", f"{_MAGNIFICATION}{whose}"
    # What the desk knows counts where the page was left or loaded again, and has no values yet.
    known = None if number in st.session_state else stated
    um_per_px = st.number_input(
        label,
        min_value=LOWEST,
        max_value=HIGHEST,
        value=known.um_per_px if known else None,
        step=0.05,
        format="%.3g",
        placeholder=placeholder,
        key=number,
        on_change=_forget_magnification,
        args=(magnification,),
        help=help_text,
    )
    chosen = st.pills(
        "BreaKHis magnification",
        list(BREAKHIS_UM_PER_PX),
        default=(known and known.magnification) or None,
        key=magnification,
        on_change=_take_magnification,
        args=(number, magnification),
        help="Full-size BreaKHis images only: 40X is 0.49, 100X 0.20, 200X 0.10, 400X 0.05 µm/px.",
    )
    return Scale(um_per_px, chosen or "") if um_per_px else None


def _take_magnification(number: str, magnification: str) -> None:
    chosen = st.session_state[magnification]
    st.session_state[number] = BREAKHIS_UM_PER_PX[chosen] if chosen else None


def _forget_magnification(magnification: str) -> None:
    st.session_state[magnification] = None
