"""Performance: how a model does on patients that it had not seen, and where it fails."""

import streamlit as st

from core.errors import LobuleError
from core.registry.card_words import reservations
from pages.figures.answers import Judged
from pages.figures.calibration import show_calibration
from pages.figures.choice import (
    answers_of,
    choose_dataset,
    choose_models,
    wants_dataset,
)
from pages.figures.compare import show_comparison
from pages.figures.errors import show_errors
from pages.figures.groups import show_groups
from pages.figures.headline import show_figures, show_headline
from pages.figures.history import show_history
from pages.figures.patients import show_patients
from pages.figures.point import show_point
from pages.figures.robustness import show_robustness
from pages.shared.entrance import enter_through_app
from pages.shared.plain import as_html, notice

VIEWS = {
    "Figures": show_figures,
    "Operating point": show_point,
    "Calibration": show_calibration,
    "Robustness": show_robustness,
    "Groups": show_groups,
    "Patients": show_patients,
    "Worst errors": show_errors,
    "Training": show_history,
}
COMPARE = "Compare"


def show_page() -> None:
    """Draw the choice on the left and one view of the answers."""
    with st.sidebar:
        models = choose_models()
        path = choose_dataset()
    st.title("Performance", anchor=False)
    if wants_dataset() and path is None:
        st.text("Type or pick a folder on the left: the model answers every image in it.")
        return
    found = answers_of(models, path)
    if found:
        show_answers(found)


def show_answers(found: list[Judged]) -> None:
    """Draw the head of the first model and the chosen view."""
    answers = found[0]
    st.html(f'<div class="lobule-file"><b>{as_html(answers.package.card.title)}</b></div>')
    if answers.root is None:
        for text in reservations(answers.package.card):
            notice(text)
    show_headline(answers)
    names = [COMPARE, *VIEWS] if len(found) > 1 else list(VIEWS)
    view = st.segmented_control(
        "View",
        names,
        default=names[0],
        required=True,
        key=f"view-{len(names)}",
        label_visibility="collapsed",
    )
    if view == COMPARE:
        show_comparison(found)
    elif view:
        VIEWS[view](answers)
    offer_predictions(answers)


def offer_predictions(answers: Judged) -> None:
    """Let the table be had that every figure follows from."""
    st.download_button(
        "All answers, predictions.csv",
        answers.table.read_bytes,
        f"{answers.package.card.name} predictions.csv",
        "text/csv",
        key="download-predictions",
        on_click="ignore",
        help="One row an image and round: every number on this page follows from it.",
    )


enter_through_app(__file__)
try:
    show_page()
except LobuleError as error:
    notice(str(error), "error")
