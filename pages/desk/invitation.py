"""What stands on the Diagnose page while there is no image."""

import streamlit as st

from core.registry.card_words import reservations, summary_of
from core.registry.package import Package
from core.registry.shelf import best_first
from pages.desk.ahead import answer_ahead
from pages.desk.samples import samples, show_samples
from pages.desk.work import desks_at_work
from pages.shared.plain import as_html, notice
from pages.shared.warm_up import warm_up

IS_GONE = (
    "These images are no longer in memory (kept 12 hours at most, and not over a restart). "
    "Saved cases are in the worklist."
)


def invite(package: Package | None, shelf: str) -> None:
    """Say what to do and what the models are for; shown while there is no image.

    Parameters
    ----------
    package
        The one that was asked for, if any.
    shelf
        What an automatic choice depends on.
    """
    if st.session_state.get("desk_is_gone"):
        notice(IS_GONE)
    st.title("Drop a picture of breast tissue", anchor=False)
    st.html(
        '<p class="lobule-text">You get a class, its probability, a map, and a warning where '
        "you should not rely on them.</p>"
    )
    show_samples()
    if package is None:
        _show_models()
    else:
        _show_model(package)
    if warm_up().loaded:
        _have_figures_loaded()
        if package is None:
            answer_ahead(samples(), shelf, busy=lambda: desks_at_work() > 0)


def _have_figures_loaded() -> None:
    """Draw a figure that nobody sees, so that the browser loads Plotly before an answer comes."""
    with st.container(key="ahead"):
        st.plotly_chart({"data": [{"type": "heatmap", "z": [[0]]}]}, key="ahead_figure", height=10)
        st.progress(0)


def _show_models() -> None:
    rows = "".join(
        f"<li><b>{as_html(entry.package.card.title)}</b>{_doubt(entry.package)}</li>"
        for entry in best_first()
        if entry.package
    )
    st.html(
        f'<div class="lobule-text"><h3>What it knows</h3><ul class="lobule-list">{rows}</ul></div>'
    )


def _doubt(package: Package) -> str:
    """Say whether something speaks against a model."""
    result = package.card.evaluation
    if result is not None and result.demonstration:
        return " · for demonstration"
    return " · see its card" if reservations(package.card) else ""


def _show_model(package: Package) -> None:
    good = "".join(f"<li>{as_html(text)}</li>" for text in package.card.good_for)
    bad = "".join(f"<li>{as_html(text)}</li>" for text in package.card.not_for)
    st.html(
        f'<div class="lobule-text"><h3>The model: {as_html(package.card.title)}</h3>'
        f"<p>{as_html(summary_of(package.card))}</p></div>"
        f'<div class="lobule-two"><div><h3>Good for</h3><ul class="lobule-list">{good}</ul></div>'
        f'<div><h3>Not for</h3><ul class="lobule-list">{bad}</ul></div></div>'
    )
