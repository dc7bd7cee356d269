"""What there is to see of a model: a view that would be empty is not there."""

from collections.abc import Callable

import streamlit as st

from core.evaluation.few_patients import MARK, warning
from core.registry.card_words import reservations
from pages.figures.calibration import show_calibration
from pages.figures.compare import show_comparison
from pages.figures.errors import errors_of, show_errors
from pages.figures.evaluated import EvaluatedModel, evaluated
from pages.figures.groups import has_groups, show_groups
from pages.figures.headline import show_figures
from pages.figures.history import has_history, show_history
from pages.figures.numbers import offer_predictions
from pages.figures.overview import show_overview
from pages.figures.patients import show_patients
from pages.figures.point import show_point
from pages.figures.robustness import has_robustness, show_robustness, tell_why_none
from pages.shared.account import account
from pages.shared.plain import notice

COMPARE, POINT = "Compare", "Decision threshold"


def views_of(model: EvaluatedModel) -> dict[str, Callable[[EvaluatedModel], None]]:
    """The views that show something, by name."""
    point = POINT if model.predictions.binary else "Curves"
    every: dict[str, tuple[bool, Callable[[EvaluatedModel], None]]] = {
        "Overview": (True, show_overview),
        "Figures": (True, show_figures),
        point: (True, show_point),
        "Calibration": (True, show_calibration),
        "Robustness": (has_robustness(model), show_robustness),
        "Groups": (has_groups(model), show_groups),
        "Patients": (True, show_patients),
        "Worst errors": (not errors_of(model).empty, show_errors),
        "Training": (has_history(model), show_history),
    }
    return {name: show for name, (has_content, show) in every.items() if has_content}


def show_view(models: list[EvaluatedModel]) -> None:
    """Ask for a view, and draw it for the first model, or for all where they are compared."""
    first, several = models[0], len(models) > 1
    views = views_of(first)
    names = (*([COMPARE] if several else []), *views)
    # Another model has other views; the one on show stays where both have it.
    last = f"last-view-{several}"
    if st.session_state.get(last) not in names:
        st.session_state[last] = names[0]
    chosen = st.segmented_control(
        "View",
        names,
        default=st.session_state[last],
        required=True,
        key=f"view-{'-'.join(names)}",
        label_visibility="collapsed",
    )
    st.session_state[last] = chosen
    if chosen in {POINT, "Curves"}:
        show_point(first)  # drawn on its own when its point is moved, with an account of its own
        return
    with account():
        if chosen == COMPARE:
            show_comparison(models)
        elif chosen:
            views[chosen](first)
            if not has_robustness(first):
                tell_why_none(first)
        offer_predictions(first)


def show_warnings(model: EvaluatedModel) -> None:
    """Say what speaks against a model and its figures."""
    warnings = reservations(model.package.card) if model.dataset is None else ()
    evaluation = evaluated(model)
    few = f"{MARK}: {warning(evaluation.patients)}"
    for text in dict.fromkeys((*warnings, *([few] if evaluation.few else []))):
        notice(text)
    if evaluation.no_interval:
        notice(evaluation.no_interval, "note")
