"""Which model answers: the one that knows an image, or one that was asked for by name."""

import hashlib
from dataclasses import dataclass

import streamlit as st

from core.errors import LobuleError, PackageError
from core.registry.card_words import reservations
from core.registry.package import Package
from core.registry.shelf import (
    AUTOMATIC,
    ShelfEntry,
    active_name,
    answers_by_itself,
    best_first,
    is_active,
    shelf,
)
from pages.desk.state import open_desk
from pages.shared.model_card import show_card
from pages.shared.plain import notice, quiet
from pages.shared.warm_up import warm_up

_CARD_HELP = "Training patients, uses, and results on new patients."
_MODEL_HELP = (
    "Automatic: for each image the model trained on such images and scales. Best models first."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is to answer."""

    package: Package | None
    """None leaves the choice to Lobule."""
    shelf: str
    """What an automatic choice depends on: which models there are, and which is activated."""


def choose_model() -> Asked | None:
    """Draw the choice of model; None where no package can be used, which the page then says."""
    try:
        sound, entries = best_first(), shelf()
    except LobuleError as error:  # a setting that cannot be used
        notice(str(error), "error")
        return None
    choice = None
    if sound:
        choice = _select(sound)
        _model_state(choice.package)
        if choice.package:
            for text in reservations(choice.package.card):
                notice(text)
            card_button(choice.package, "open_card")
    _show_broken([entry for entry in entries if entry.error])
    if not sound:
        try:
            active_name()
        except PackageError as error:
            notice(str(error), "error")
    return choice


def card_button(package: Package, key: str) -> None:
    """Draw the button that opens a model's card."""
    if st.button("Model card", key=key, width="stretch", help=_CARD_HELP):
        show_card(package.card, package.model_sha256)


def ask_model(name: str) -> None:
    """Have a model answer, by its name on the shelf; for the click on a button."""
    st.session_state["model"] = name


def _select(sound: list[ShelfEntry]) -> Asked:
    packages = {entry.name: entry.package for entry in sound}
    names = [AUTOMATIC, *packages]
    desk = open_desk()
    chosen = st.session_state.get("model") or desk.model  # another page may have chosen one
    if chosen not in names:
        st.session_state.pop("model", None)
        chosen = AUTOMATIC
    name = st.selectbox(
        "Model",
        names,
        # In every run, not only the first: a browser that is asked to run again before it has
        # taken over a value from the server answers with the default.
        index=names.index(chosen),
        format_func=lambda name: _title(packages.get(name)),
        key="model",
        help=_MODEL_HELP,
    )
    desk.model = name
    if name in packages:
        quiet(_title(packages[name]))  # whole: the box cuts it
    known = "\n".join(
        f"{entry.name} {entry.package.model_sha256} {answers_by_itself(entry)}"
        for entry in sound
        if entry.package
    )
    return Asked(packages.get(name), f"auto:{hashlib.sha256(known.encode()).hexdigest()}")


def _title(package: Package | None) -> str:
    return package.card.title if package else "Automatic"


def _model_state(package: Package | None) -> None:
    """Say that the model is being loaded; asks again each second until it is there."""
    if package and not is_active(package.card.name):
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
