"""Which slide is on show, under which model, and what is beside it: all in the address."""

import streamlit as st

from core.registry.card_words import reservations
from core.registry.package import Package
from core.registry.shelf import best_first
from pages.shared.plain import notice, visible
from pages.viewer.opening import SlideView, open_view

SLIDE, MODEL, BESIDE, BESIDE_MODEL = "slide", "model", "beside", "beside_model"
_PLACE = ("x", "y", "zoom")
_LEFT, _RETURNS = "slides_left", "slides_returns"
_MODEL_HELP = "Answers the places that you point at, and the whole slide. Best first."
_BESIDE_HELP = "Another slide, or this one with another model's map."


def chosen_slide() -> str | None:
    """Return the id of the slide that the address names; None for the list.

    Who comes back from another page finds the slide that was on show, as it was.
    """
    if not st.query_params.get(SLIDE):
        left: dict[str, str] = st.session_state.get(_LEFT, {})
        st.session_state[_RETURNS] = left.get(SLIDE)
        for name, value in left.items():
            st.query_params[name] = value
    return st.query_params.get(SLIDE) or None


def keep_chosen() -> None:
    """Note what is on show, for when somebody comes back to this page."""
    names = (SLIDE, MODEL, BESIDE, BESIDE_MODEL)
    st.session_state[_LEFT] = {
        name: st.query_params[name] for name in names if name in st.query_params
    }


def returns() -> bool:
    """Whether the slide on show was left for another page, so that its view is as it was left."""
    return SLIDE in st.query_params and st.session_state.get(_RETURNS) == st.query_params[SLIDE]


def go_to_slide(slide_id: str) -> None:
    """Show a slide; for the click on a button."""
    go_to_list()
    st.query_params[SLIDE] = slide_id


def go_to_list() -> None:
    """Show the list of slides; for the click on a button."""
    st.session_state.pop(_LEFT, None)
    st.session_state.pop(_RETURNS, None)
    for name in (SLIDE, BESIDE, BESIDE_MODEL, *_PLACE):
        st.query_params.pop(name, None)


def ask_model() -> str:
    """Draw the choice of the model; returns its name on the shelf, empty where there is none."""
    packages = _packages()
    if not packages:
        notice("There is no model to answer with. Train one, or add one on Models.")
        return ""
    name = _choose("Model", list(packages), MODEL, _MODEL_HELP)
    for text in reservations(packages[name].card):
        notice(text)
    return name


def open_chosen(slide_id: str, model: str) -> SlideView:
    """Open a slide under a model of the shelf.

    Raises
    ------
    SlideError
        If there is no such slide, or it cannot be opened.
    """
    return open_view(slide_id, model, _packages().get(model))


def ask_beside(first: SlideView) -> SlideView | None:
    """Draw the choice of what stands beside; None for nothing.

    Raises
    ------
    SlideError
        If that slide cannot be opened.
    """
    from core.slides.names import names_of  # noqa: PLC0415 - not needed to draw a page
    from core.slides.roots import list_slides  # noqa: PLC0415

    names = {slide: visible(name) for slide, name in names_of(list_slides()).items()}
    slide_id = _choose(
        "Beside it",
        ["", first.slide_id, *(other for other in names if other != first.slide_id)],
        BESIDE,
        _BESIDE_HELP,
        {"": "nothing", **names, first.slide_id: "the same slide"},
    )
    if not slide_id:
        if BESIDE_MODEL in st.query_params:
            st.query_params.pop(BESIDE_MODEL)
        return None
    packages = _packages()
    name = _choose("Its model", list(packages), BESIDE_MODEL, "") if packages else ""
    return open_view(slide_id, name, packages.get(name))


def _packages() -> dict[str, Package]:
    return {entry.name: entry.package for entry in best_first() if entry.package}


def _choose(
    label: str,
    options: list[str],
    parameter: str,
    help_text: str,
    names: dict[str, str] | None = None,
) -> str:
    """Draw one choice that stands in the address, unless nothing else follows from it."""
    in_address = st.query_params.get(parameter, "")
    named = names or {name: package.card.title for name, package in _packages().items()}
    chosen = st.selectbox(
        label,
        options,
        index=options.index(in_address) if in_address in options else 0,
        format_func=lambda option: named.get(option, option),
        key=f"slides_{parameter}",
        help=help_text or None,
    )
    if chosen == options[0] and parameter != MODEL:  # another model may be the best one later
        if in_address:
            st.query_params.pop(parameter)
    elif chosen != in_address:  # also the same again would take the place out of the address
        st.query_params[parameter] = chosen
    return chosen
