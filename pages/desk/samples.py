"""Real regions that ship with Lobule: one click from the opening page to an answer.

Stitched from IDC patches (CC0 1.0, Cruz-Roa et al. 2014) of patients 8980, 14082 and 8864, of which
the shipped `idc` was trained on. So they show what an answer looks like, and test nothing.
"""

from pathlib import Path

import streamlit as st

from core.datasets.published_scale import IDC_UM_PER_PX
from pages.desk.state import Upload, open_desk
from pages.desk.uploads import PHANTOM, put_on_show
from pages.shared.how_taken import objective
from pages.shared.picture import show_picture

_FOLDER = Path(__file__).with_name("samples")
_NOTE = "real tissue of a patient whom idc was trained on: no test of it"
_SAMPLES = {
    "invasive": "Invasive carcinoma",
    "mixed": "Carcinoma beside benign tissue",
    "not-invasive": "No invasive carcinoma",
}
_HELP = (
    "1.0 × 0.8 mm, labelled by pathologists; patients the model was trained on, so no test of it."
)


def show_samples() -> None:
    """Draw the samples as pictures with a button each, the phantom last."""
    st.text("Or open a sample", help=_HELP)
    with st.container(horizontal=True, gap="medium", key="samples"):
        for name, title in _SAMPLES.items():
            with st.container(width=190):
                show_picture(_file(name), title)
                st.button(
                    title,
                    key=f"sample-{name}",
                    width="stretch",
                    on_click=put_on_show,
                    args=(open_desk(), _upload(name, title)),
                )
        with st.container(width=190):
            show_picture(objective("4×"), "Drawn tissue")
            st.button(
                "Phantom",
                key="try_phantom",
                width="stretch",
                on_click=put_on_show,
                args=(open_desk(), PHANTOM),
                help="Computer-drawn: no patient, and no test of the model.",
            )


def samples() -> tuple[Upload, ...]:
    """Return the pictures of tissue that the page offers."""
    return tuple(_upload(name, title) for name, title in _SAMPLES.items())


def _upload(name: str, title: str) -> Upload:
    return Upload(
        f"sample-{name}", f"{title} (sample).png", _file(name).read_bytes, IDC_UM_PER_PX, note=_NOTE
    )


def _file(name: str) -> Path:
    return _FOLDER / f"{name}.png"
