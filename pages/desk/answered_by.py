"""Who answered the image on show, why that model, and which others could."""

from typing import TYPE_CHECKING

import streamlit as st

from core.registry.card_words import reservations
from core.registry.package import Package
from core.registry.shelf import best_first
from pages.desk.answers import Failure
from pages.desk.model import ask_model, card_button
from pages.desk.stated_scale import state_for_case
from pages.shared.how_taken import ask_how_taken
from pages.shared.plain import notice, quiet

if TYPE_CHECKING:
    from core.diagnosis import Diagnosis


def package_of(model_sha256: str) -> Package | None:
    """Return the package that gave an answer, if it is still there."""
    return next(
        (
            entry.package
            for entry in best_first()
            if entry.package and entry.package.model_sha256 == model_sha256
        ),
        None,
    )


def show_who_answered(diagnosis: "Diagnosis", package: Package) -> None:
    """Say which model was chosen and why, and offer the others; nothing where it was asked for."""
    if diagnosis.chosen is None:
        return
    for text in reservations(package.card):
        notice(text)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="answered_by"):
        st.text(
            f"Answered by: {package.card.title}", help=diagnosis.chosen.because, width="content"
        )
        with st.popover("Model", help="Its card and the other models."):
            quiet(diagnosis.chosen.because)
            card_button(package, "open_chosen_card")
            judgements = dict(diagnosis.chosen.others)
            for entry in best_first():
                if entry.package and entry.package.card.name in judgements:
                    st.button(
                        f"Ask {entry.package.card.title}",
                        key=f"ask-{entry.name}",
                        width="stretch",
                        on_click=ask_model,
                        args=(entry.name,),
                    )
                    quiet(judgements[entry.package.card.name])


def show_no_answer(failure: Failure) -> None:
    """Show what got no answer, say why, and offer what would give one."""
    if failure.picture:
        picture = f'<img src="{failure.picture}" alt="The image">'
        st.html(f'<div class="lobule-refused">{picture}</div>')
    notice(failure.reason, "error")
    with st.container(horizontal=True, gap="small", key="offers"):
        for entry in best_first():
            if entry.package and entry.package.model_sha256 in failure.offers:
                st.button(
                    f"See what {entry.package.card.title} says (demonstration)",
                    key=f"offer-{entry.name}",
                    on_click=ask_model,
                    args=(entry.name,),
                )
    if failure.plausible is not None:
        ask_how_taken(state_for_case, failure.plausible)
