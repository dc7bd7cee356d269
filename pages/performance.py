"""Performance: how a model does on patients that it had not seen, and where it fails."""

import streamlit as st

from core.errors import LobuleError
from pages.figures.choice import chosen_models
from pages.figures.evaluated import EvaluatedModel
from pages.figures.views import show_view, show_warnings
from pages.figures.words import images_and_patients
from pages.shared.entrance import enter_through_app
from pages.shared.plain import as_html, notice


def show_models(models: list[EvaluatedModel]) -> None:
    """Draw what is to be said of the first model, and the chosen view."""
    first = models[0]
    title = as_html(first.package.card.title)
    judged = as_html(f"{images_and_patients(first)}, {first.on}")
    st.html(f'<div class="lobule-file lobule-judged"><b>{title}</b> {judged}</div>')
    show_warnings(first)
    show_view(models)


enter_through_app(__file__)
try:
    if models := chosen_models():
        show_models(models)
except LobuleError as error:
    notice(str(error), "error")
