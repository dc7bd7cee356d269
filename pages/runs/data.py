"""The data of a new run."""

from pathlib import Path
from typing import NamedTuple

import streamlit as st

from pages.shared.dataset_choice import ask_for_path


class Data(NamedTuple):
    """What was said of the data.

    Attributes
    ----------
    path : Path or None
    magnifications : tuple of str or None
        None is all there are.
    pattern : str or None
        That finds the patient in a path.
    um_per_px : float or None
        Scale of the images that do not say theirs, micrometres per pixel.
    """

    path: Path | None
    magnifications: tuple[str, ...] | None = None
    pattern: str | None = None
    um_per_px: float | None = None


def ask_for_data() -> Data:
    """Ask for the dataset, the magnifications of it to train on, its patients and its scale.

    The last two are asked for only where an audit or a check has found that the images do not say.
    """
    path = ask_for_path()
    if path is None:
        st.caption("Choose the dataset first; the Datasets page tells whether it is sound.")
        return Data(None)
    offered = st.session_state.get("offered", {}).get(path, ())
    chosen: list[str] = []
    if len(offered) > 1:
        chosen = st.pills(
            "Magnifications",
            offered,
            selection_mode="multi",
            key=f"train-magnifications-{path}",
            help="None chosen: all of them together.",
            persist_state="session",
        )
    pattern = None
    if path in st.session_state.get("without_patients", ()):
        pattern = st.text_input(
            "Patients, by a pattern",
            key=f"pattern-{path}",
            placeholder=r"(?P<patient>\d+)_",
            help="The images do not say whose they are. A regular expression that finds the "
            "patient in each path, in a group named patient.",
            persist_state="session",
        ).strip()
    scale = _ask_for_scale(path) if path in st.session_state.get("without_scale", ()) else None
    return Data(path, tuple(sorted(chosen, key=offered.index)) or None, pattern or None, scale)


def _ask_for_scale(path: Path) -> float | None:
    from core.training.request.request import COARSEST, FINEST  # noqa: PLC0415 - pandas

    return st.number_input(
        "Scale of the images, µm per pixel",
        min_value=FINEST,
        max_value=COARSEST,
        value=None,
        step=0.01,
        format="%.3f",
        key=f"scale-{path}",
        placeholder="such as 0.5",
        help="The images do not say how large a pixel is, and the model must: images of another "
        "scale are answered with a warning, or not at all.",
        persist_state="session",
    )
