"""Performance: how a model does on patients that it had not seen, and where it fails."""

import streamlit as st

from core.errors import LobuleError
from core.registry.card_words import reservations
from pages.figures.calibration import show_calibration
from pages.figures.choice import chosen_models
from pages.figures.compare import show_comparison
from pages.figures.errors import show_errors
from pages.figures.evaluated import EvaluatedModel
from pages.figures.groups import show_groups
from pages.figures.headline import show_figures, show_headline
from pages.figures.history import show_history
from pages.figures.numbers import offer_predictions
from pages.figures.patients import show_patients
from pages.figures.point import show_point
from pages.figures.robustness import show_robustness
from pages.shared.entrance import enter_through_app
from pages.shared.plain import as_html, notice

VIEWS = {
    "Figures": show_figures,
    "Decision threshold": show_point,
    "Calibration": show_calibration,
    "Robustness": show_robustness,
    "Groups": show_groups,
    "Patients": show_patients,
    "Worst errors": show_errors,
    "Training": show_history,
}
COMPARE = "Compare"


def show_models(models: list[EvaluatedModel]) -> None:
    """Draw the head of the first model and the chosen view."""
    first = models[0]
    st.html(f'<div class="lobule-file"><b>{as_html(first.package.card.title)}</b></div>')
    if first.root is None:
        for text in reservations(first.package.card):
            notice(text)
    show_headline(first)
    views = (COMPARE, *VIEWS) if len(models) > 1 else tuple(VIEWS)
    key = f"view-{len(views)}"
    view = st.segmented_control(
        "View", views, default=views[0], required=True, key=key, label_visibility="collapsed"
    )
    if view == COMPARE:
        show_comparison(models)
    elif view:
        VIEWS[view](first)
    offer_predictions(first)


enter_through_app(__file__)
try:
    if models := chosen_models():
        show_models(models)
except LobuleError as error:
    notice(str(error), "error")
