"""Which model answers, whether it is ready, and which packages cannot be used."""

import streamlit as st

from core.errors import LobuleError, PackageError
from core.registry.card import Card
from core.registry.card_words import reservations
from core.registry.package import Package
from core.registry.shelf import ShelfEntry, active_name, shelf
from pages.desk.state import open_desk
from pages.shared.model_card import show_card
from pages.shared.plain import notice
from pages.shared.warm_up import warm_up


def choose_model() -> Package | None:
    """Draw the choice of model; None where no package can be used, which the page then says."""
    try:
        entries = shelf()
    except LobuleError as error:  # a setting that cannot be used
        notice(str(error), "error")
        return None
    sound = {entry.name: entry.package for entry in entries if entry.package}
    package = _select(sound) if sound else None
    if package:
        _model_state(package)
        _reservations(package.card)
        if st.button("Model card", key="open_card", width="stretch", help=_CARD_HELP):
            show_card(package.card, package.model_sha256)
    _show_broken([entry for entry in entries if entry.error])
    if package is None:
        try:
            active_name()
        except PackageError as error:
            notice(str(error), "error")
    return package


_CARD_HELP = "Whom it was trained on, what it is good for, and how it did on new patients."


def _select(sound: dict[str, Package]) -> Package:
    names = list(sound)
    desk = open_desk()
    chosen = st.session_state.get("model") or desk.model  # another page may have chosen one
    if chosen not in names:
        st.session_state.pop("model", None)
        chosen = active_name()
    name = st.selectbox(
        "Model",
        names,
        # In every run, not only the first: a browser that is asked to run again before it has
        # taken over a value from the server answers with the default.
        index=names.index(chosen),
        format_func=lambda name: sound[name].card.title,
        key="model",
        help="Each is made for one question and one scale.",
    )
    desk.model = name
    return sound[name]


def _reservations(card: Card) -> None:
    """Say at once what speaks against a model; the card says more."""
    for text in reservations(card):
        notice(text)


def _model_state(package: Package) -> None:
    """Say that the model is being loaded; asks again each second until it is there."""
    if package.card.name != active_name():
        has_answered = package.model_sha256 in open_desk().answered_by
        st.caption("The model is loaded." if has_answered else "Loads at its first answer.")
    elif warm_up().running:
        st.fragment(_poll, run_every=1.0)()
    elif error := warm_up().error:
        notice(error, "error")
    else:
        st.caption("The model is loaded.")


def _poll() -> None:
    if not warm_up().running:
        st.rerun()
    st.caption("Loading …")


def _show_broken(broken: list[ShelfEntry]) -> None:
    if not broken:
        return
    words = "1 model cannot be used" if len(broken) == 1 else f"{len(broken)} models cannot be used"
    with st.expander(words, icon=":material/warning:"):
        for entry in broken:
            notice(f"{entry.name}: {entry.error}")
