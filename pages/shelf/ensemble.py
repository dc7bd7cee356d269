"""An ensemble made of models at hand."""

import streamlit as st

from core.errors import LobuleError
from core.registry.manage import NAMES_ARE
from core.registry.shelf import shelf
from pages.shared.plain import notice

_FEWEST = 2
_HELP = "Averages calibrated probabilities. All need the same classes and scale."


def ask_for_ensemble() -> None:
    """Draw what an ensemble takes; what is made stands with the others."""
    names = [entry.name for entry in shelf() if entry.package and not entry.package.card.members]
    if len(names) < _FEWEST:
        return
    number = st.session_state.setdefault("ensembles", 0)
    with st.expander("Make an ensemble"):
        members = st.multiselect(
            "Models", names, key=f"members-{number}", placeholder="Two or more", help=_HELP
        )
        name = st.text_input(
            "Its name",
            key=f"ensemble-name-{number}",
            max_chars=64,
            help=f"{NAMES_ARE.capitalize()}.",
        ).strip()
        ready = len(members) >= _FEWEST and bool(name)
        if st.button("Make it", key="make-ensemble", disabled=not ready, width="stretch"):
            from core.training.ensemble import make_ensemble  # noqa: PLC0415 - TensorFlow

            try:
                with st.spinner("Putting them together …"):
                    package = make_ensemble(name, members)
            except LobuleError as error:
                notice(str(error), "error")
                return
            judged = "" if package.card.evaluation else " It is not judged as a whole yet."
            st.session_state["ensembles"] = number + 1
            st.session_state["shelf_told"] = f"{name} was made of {', '.join(members)}.{judged}"
            st.rerun()
