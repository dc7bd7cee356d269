"""Which models, and on whose images: asked for in the sidebar."""

from dataclasses import replace

import streamlit as st

from core.registry.package import Package
from core.registry.shelf import active_name, is_active, shelf
from pages.figures.evaluated import EvaluatedModel, held_out, read
from pages.figures.job import EvaluationJob, Judged, evaluate_anew, evaluation_of
from pages.shared.dataset_choice import (
    ask_for_neighbours,
    ask_for_path,
    ask_for_positive,
    note_questions,
)
from pages.shared.jobs import show_progress
from pages.shared.plain import notice, quiet

MOST = 4
_OWN, _DATASET = "Its held-out patients", "A dataset of mine"


def chosen_models() -> list[EvaluatedModel]:
    """Draw the choice; returns each model whose predictions are at hand, the first one first.

    Where some are not at hand, the page says why, and draws the way to them.
    """
    with st.sidebar:
        models = _choose_models()
        on = _choose_dataset()
    st.title("Performance", anchor=False)
    if on is None and st.session_state.get("judged_on") == _DATASET:
        st.text("Type or pick a folder on the left.")
        return []
    return _predictions_of(models, on)


def _choose_models() -> dict[str, Package]:
    """Draw the choice of a model and those beside it; by shelf name, the first one first."""
    sound = {entry.name: entry.package for entry in shelf() if entry.package}
    if not sound:
        active_name()  # says what is wrong
    names = list(sound)
    first = st.selectbox(
        "Model",
        names,
        index=next((at for at, name in enumerate(names) if is_active(name)), 0),
        format_func=lambda name: sound[name].card.title,
        key="judged_model",
    )
    others: list[str] = []
    if len(names) > 1:
        others = st.multiselect(
            "Compare with",
            [name for name in names if name != first],
            format_func=lambda name: sound[name].card.title,
            max_selections=MOST - 1,
            key=f"compared-{first}",
        )
    return {name: sound[name] for name in (first, *others)}


def _choose_dataset() -> Judged | None:
    """Draw the choice of whose images; None are those that the packages bring predictions on."""
    on = st.radio(
        "Judged on",
        (_OWN, _DATASET),
        key="judged_on",
        help="Its held-out patients are new to it. A dataset of yours is answered afresh.",
    )
    path = ask_for_path() if on == _DATASET else None
    return Judged(path, ask_for_positive(path), ask_for_neighbours(path)) if path else None


def _predictions_of(models: dict[str, Package], on: Judged | None) -> list[EvaluatedModel]:
    """The predictions of each model that are at hand; says why others are not."""
    at_hand = []
    for name, package in models.items():
        model = held_out(name, package) if on is None else _on_dataset(name, package, on)
        if isinstance(model, str):
            notice(model, "error")
        elif model:
            at_hand.append(model)
    return at_hand


def _on_dataset(name: str, package: Package, on: Judged) -> EvaluatedModel | str | None:
    """Predictions on a dataset; where there are none yet, the way to them is drawn."""
    job = evaluation_of(package, on)
    _ask_from_now_on(job)
    if job is None or (not job.running and job.assessment is None):
        _offer(name, package, on, job)
        return None
    if job.running:
        # Two models on the shelf may be the same network, and then share this evaluation.
        show_progress(
            job,
            job.visible,
            f"stop-{name}",
            "Stopped before every image is answered, nothing is kept; later, only robustness "
            "is missing.",
        )
        return None
    assert job.assessment is not None and job.table is not None  # noqa: PT018, S101 - it ended well
    known = job.assessment.known
    for warning in (*((known.warning,) if known.warning else ()), *job.assessment.warnings):
        notice(warning)
    _offer_again(name, package, on)
    model = read(
        name,
        package,
        job.table,
        on=f"{job.assessment.dataset.name} in {on.path}",
        leaky=known.warning if known.leaky else None,
        dataset=job.assessment.dataset,
    )
    if isinstance(model, str):
        return model
    tried = job.assessment
    return replace(model, robustness=tried.robustness, tried_on=tried.tried_on)


def _ask_from_now_on(job: EvaluationJob | None) -> None:
    """Draw the page again where a job has found out what is to be asked for."""
    if job is None:
        return
    dataset = job.assessment.dataset.name if job.assessment else ""
    if note_questions(job.path, job.undecided, dataset):
        st.rerun()


def _offer(name: str, package: Package, on: Judged, job: EvaluationJob | None) -> None:
    if job and job.error:
        notice(job.error, "error")
    if job and job.stopped:
        notice("Stopped.", "note")
    st.text(f"{package.card.title} has not answered {on.path.name} yet.")
    if st.button(
        "Try again" if job else "Evaluate",
        key=f"evaluate-{name}",
        type="primary",
        help="Answers every image, then up to 500 with changed stain, focus, compression, light "
        "and scale.",
    ):
        evaluate_anew(package, on)
        st.rerun()


def _offer_again(name: str, package: Package, on: Judged) -> None:
    """Offer to answer anew: nobody tells the page that images in the folder have changed."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"asked-{name}"):
        again = st.button(
            "Evaluate again",
            key=f"again-{name}",
            help="For when images have changed.",
        )
        quiet(f"{package.card.title} answered the images as they were then.")
    if again:
        evaluate_anew(package, on)
        st.rerun()
