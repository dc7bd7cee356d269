"""The image's scale: asked from the user, and shown beside what the model expects."""

from typing import TYPE_CHECKING

import streamlit as st

from core.datasets.breakhis_scale import UM_PER_PX as BREAKHIS_UM_PER_PX
from pages.desk.state import Desk, Scale
from pages.shared.plain import notice, table

if TYPE_CHECKING:
    from core.diagnosis import Diagnosis
    from core.registry.card import InputSpec

_UM_PER_PX, _MAGNIFICATION = "um_per_px", "magnification"
_HELP = (
    "Micrometres of tissue that one pixel shows (µm/px). The scanner or microscope software states "
    "it. A model knows tissue at one scale only: the same cells at another scale look like another "
    "tissue to it. Leave it empty to use what the file states. It is asked once for all images of "
    "the case; one that differs can be given its own beside its name."
)


def ask_for_scale(desk: Desk) -> None:
    """Draw the inputs for the scale of the case's images; nothing need be stated."""
    desk.scale = _ask(desk.scale, "", "Scale of the images, µm/px", "as the files state", _HELP)


def ask_for_own_scale(desk: Desk, image_id: str) -> None:
    """Draw the inputs for the scale of one image that differs from the others."""
    own = _ask(
        desk.scales.get(image_id),
        f"-{image_id}",
        "Scale of this image alone, µm/px",
        "as the other images",
        "For an image that was taken at another magnification than the rest of the case.",
    )
    if own != desk.scales.get(image_id):
        if own is None:
            desk.scales.pop(image_id, None)
        else:
            desk.scales[image_id] = own
        st.rerun()


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
        min_value=0.01,
        max_value=100.0,
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
        help="For images of the BreaKHis microscope at full size: 40X is 0.49, 100X 0.20, "
        "200X 0.10 and 400X 0.05 µm/px. Other microscopes and resized images differ.",
    )
    return Scale(um_per_px, chosen or "") if um_per_px else None


def _take_magnification(number: str, magnification: str) -> None:
    chosen = st.session_state[magnification]
    st.session_state[number] = BREAKHIS_UM_PER_PX[chosen] if chosen else None


def _forget_magnification(magnification: str) -> None:
    st.session_state[magnification] = None


def compare_scale(diagnosis: "Diagnosis") -> None:
    """Show what the model expects beside what the image is."""
    spec, info, plan = diagnosis.card.input, diagnosis.image.info, diagnosis.scale
    used = plan.um_per_px or spec.um_per_px
    origin = {"stated": "stated by the file", "given": "given", "unknown": "assumed"}[plan.state]
    size = f"{info.width:,} × {info.height:,} px"
    field = f"{info.width * used:,.0f} × {info.height * used:,.0f} µm"
    expected = f"{spec.um_per_px_low:g} to {spec.um_per_px_high:g} µm/px"
    stored = f"{info.format}, {info.mode}, {info.bit_depth} bit"
    table(
        ("", "The model expects", "This image"),
        [
            (
                "Scale",
                f"{expected} (trained at {spec.um_per_px:g})",
                f"{used:g} µm/px ({origin})",
            ),
            ("Field", _fields(spec), field),
            (
                "Size",
                f"{spec.width} × {spec.height} px a {'patch' if spec.fit == 'patch' else 'square'}",
                f"{size}, {_pieces(diagnosis)}",
            ),
            ("Stored as", "8 bit RGB", "; ".join((stored, *info.notes))),
        ],
        caption="What the model expects and what this image is",
    )
    if plan.in_range:
        notice(plan.message, "note")


def _fields(spec: "InputSpec") -> str:
    if spec.fit == "patch":
        return f"{spec.field_um:g} × {spec.field_um:g} µm a patch"
    fields = ", ".join(f"{field:.0f}" for field in spec.fields_um)
    return f"as tall as {fields} µm"


def _pieces(diagnosis: "Diagnosis") -> str:
    if diagnosis.scale.one_piece:
        return "looked at in one piece"
    return f"looked at in {diagnosis.tiles:,} tiles of {diagnosis.scale.tile} px"
