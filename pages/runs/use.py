"""What can be done with a run: stop it, go on with it, use its model."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from core.registry.package import Package
from core.registry.shelf import shelf
from core.settings import get_settings
from pages.runs.result import package_of
from pages.runs.words import active
from pages.shared.model_card import show_card
from pages.shared.plain import notice

if TYPE_CHECKING:
    from core.training.jobs.state import RunState

_RESUMABLE = {"cancelled", "failed", "interrupted"}


def offer_cancel(state: "RunState") -> None:
    """Draw the button that stops a run, which asks once more."""
    from core.training.jobs import cancel  # noqa: PLC0415 - pandas
    from core.training.jobs.state import TRAINING  # noqa: PLC0415

    if f"stopping-{state.id}" in st.session_state:
        st.button("Stopping …", key="stopping", disabled=True)
        return
    with st.popover("Cancel", key="cancel"):
        if state.state == "waiting":
            st.text("It has not begun. It leaves the line, and can be resumed later.")
        elif state.history and state.stage != TRAINING:
            st.text(
                "It stops here, and no model is judged. Its epochs are kept: it can be resumed."
            )
        elif state.history:
            st.text("It stops within a step; the best model so far is judged and kept.")
        else:
            st.text("No epoch is finished, so there will be no model. It can be resumed later.")
        if st.button("Stop this run", key="really_cancel", type="primary"):
            _do(state, lambda: cancel(state.id), f"stopping-{state.id}")


def offer_the_rest(state: "RunState") -> None:
    """Draw what can be done with a run that has ended: resume, use the model, see its card."""
    from core.training.jobs import resume  # noqa: PLC0415 - pandas

    st.session_state.pop(f"stopping-{state.id}", None)
    package = package_of(state)
    with st.container(horizontal=True, vertical_alignment="center", key="run_actions"):
        if isinstance(package, Package):
            _offer_model(state, package)
            if st.button("Model card", key="run_card"):
                show_card(package.card, package.model_sha256)
        if state.state in _RESUMABLE and st.button(
            "Resume",
            key="resume",
            type="secondary" if package else "primary",
            help="Goes on from its last finished epoch; it joins the end of the line.",
        ):
            _do(state, lambda: resume(state.id))
    if error := st.session_state.pop(f"error-{state.id}", None):
        notice(error, "error")


def _offer_model(state: "RunState", package: Package) -> None:
    place = (state.request.folder or get_settings().own_models) / package.path.name
    kept = [entry for entry in shelf() if entry.package and entry.package.path == place]
    if kept and kept[0].package and kept[0].package.model_sha256 == package.model_sha256:
        st.button(
            "✓ On the shelf",
            key="shelved",
            disabled=True,
            help="Choose it under Model on the Diagnose page.",
        )
    elif place.exists():
        with st.popover("Use this model …", key="ask_replace", type="primary"):
            st.text(
                f"There is another model named {package.path.name} on the shelf. "
                "Shall this one take its place?"
            )
            if st.button("Replace it", key="replace", type="primary"):
                _shelve(state, replace=True)
    elif st.button(
        "Use this model",
        key="use_model",
        type="primary",
        help="Puts a copy on the shelf, from which the Diagnose page takes its models.",
    ):
        _shelve(state, replace=False)


def _shelve(state: "RunState", *, replace: bool) -> None:
    from core.training.jobs import shelve  # noqa: PLC0415 - pandas

    _do(state, lambda: shelve(state.id, replace=replace))


def _do(state: "RunState", deed: Callable[[], object], note: str | None = None) -> None:
    """Do it, keep what went wrong for the next drawing, and draw everything again."""
    try:
        deed()
    except LobuleError as error:
        st.session_state[f"error-{state.id}"] = str(error)
    else:
        if note and active(state):
            st.session_state[note] = True
    st.rerun()
