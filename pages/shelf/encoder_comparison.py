"""Encoders compared on a dataset: which ones, on what, and what came of it."""

import streamlit as st

from core.imaging.scale import HIGHEST, LOWEST
from pages.shared.dataset_choice import (
    ask_for_neighbours,
    ask_for_path,
    ask_for_positive,
    note_questions,
)
from pages.shared.jobs import show_progress
from pages.shared.plain import notice, quiet
from pages.shelf.comparison_job import CompareJob, Wanted, comparing
from pages.shelf.comparison_table import show_comparison_table

_AT_FIRST = 4
_LAST = "encoders_compared"
_WHAT = (
    "A probe on each, judged on the same patients in the same folds, beside colour alone. Nothing "
    "is added to the models."
)
_ON_STOP = "Features that are computed are kept for the next time."
_RECIPES_HELP = "Networks pretrained on photographs, frozen too."


def compare_encoders_at_hand(names: list[str]) -> None:
    """Draw the form, how far a comparison is, and what came of the last one.

    Parameters
    ----------
    names : list of str
        Of the sound encoders.
    """
    last: Wanted | None = st.session_state.get(_LAST)
    part = st.expander(
        "Compare encoders", key="compare-encoders", expanded=last is not None, on_change="rerun"
    )
    if not part.open:
        return
    with part:
        wanted = _ask(names)
        # What is asked may be under way for another window, or for this one before it was reloaded.
        known = comparing().get(wanted) if wanted else None
        job = known or (comparing().get(last) if last else None)
        # It may end while this is drawn: then all of it is drawn again.
        busy, drawn = job is not None and job.running, job and job.visible
        if job and busy:
            show_progress(job, drawn or (), "stop-comparing", _ON_STOP)
            return
        if wanted and st.button("Compare", key="compare", type="primary"):
            st.session_state[_LAST] = wanted
            comparing().start(wanted, lambda: CompareJob(wanted), anew=True)
            st.rerun()
        if job:
            _show(job)


def _ask(names: list[str]) -> Wanted | None:
    """None until all that is needed was said."""
    quiet(_WHAT)
    chosen = st.multiselect(
        "Encoders",
        names,
        names[:_AT_FIRST],
        key="compared-encoders",
        persist_state="session",
    )
    with st.container(key="beside-comparison"):
        left, right = st.columns(2, gap="large")
    with left:
        recipes = st.multiselect(
            "Beside them",
            _recipes_with_a_probe(),
            key="compared-recipes",
            placeholder="Recipes with an ImageNet network",
            help=_RECIPES_HELP,
            persist_state="session",
        )
        scale, pattern = _ask_for_facts()
    with right:
        path = ask_for_path()
        positive = ask_for_positive(path) if path else None
        neighbours = ask_for_neighbours(path) if path else False
    if not chosen or path is None:
        quiet("Choose the encoders and the dataset first.")
        return None
    return Wanted(tuple(chosen), tuple(recipes), path, scale, pattern or None, positive, neighbours)


def _ask_for_facts() -> tuple[float | None, str]:
    with st.expander("If the images do not say", key="compared-facts"):
        scale = st.number_input(
            "Scale of the images, µm per pixel",
            min_value=LOWEST,
            max_value=HIGHEST,
            value=None,
            step=0.01,
            format="%.3f",
            key="compared-scale",
            placeholder="such as 0.5",
            persist_state="session",
        )
        pattern = st.text_input(
            "Patients, by a pattern",
            key="compared-pattern",
            placeholder=r"(?P<patient>\d+)_",
            help="A regular expression with a group named patient.",
            persist_state="session",
        ).strip()
    return scale, pattern


def _recipes_with_a_probe() -> list[str]:
    from core.training.request.recipe import ENCODER, load_recipe, recipe_names  # noqa: PLC0415

    recipes = (load_recipe(name) for name in recipe_names())
    return [each.name for each in recipes if each.probe and each.architecture != ENCODER]


def _show(job: CompareJob) -> None:
    path = job.wanted.data
    dataset = job.comparison.dataset if job.comparison else ""
    if note_questions(path, job.undecided, dataset):
        st.rerun()
    if job.stopped:
        notice(f"Stopped. {_ON_STOP}", "note")
    elif job.error:
        notice(job.error, "error")
    elif job.comparison:
        show_comparison_table(job.comparison, path)
