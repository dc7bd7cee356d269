"""The data of a new run."""

from pathlib import Path

import streamlit as st

from pages.parts.dataset_choice import ask_for_path


def ask_for_data() -> tuple[Path | None, tuple[str, ...] | None, str | None]:
    """Ask for the dataset, the magnifications of it to train on, and how to tell patients.

    Returns
    -------
    path : Path or None
    magnifications : tuple of str or None
        None is all there are.
    pattern : str or None
    """
    path = ask_for_path()
    if path is None:
        st.caption("Choose the dataset first; the Datasets page tells whether it is sound.")
        return None, None, None
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
    return path, tuple(sorted(chosen, key=offered.index)) or None, pattern or None
