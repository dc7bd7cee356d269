"""A new run: on which data, by which recipe, under which name; then checked, then started."""

from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from core.settings import get_settings
from pages.runs.data import Data, ask_for_data
from pages.runs.recipe_form import ask_for_settings
from pages.runs.start import check_and_start
from pages.runs.words import active
from pages.shared.plain import notice

if TYPE_CHECKING:
    from core.training.jobs.state import RunState
    from core.training.request.recipe import Recipe
    from core.training.request.request import Request


def ask_for_run(states: list["RunState"]) -> None:
    """Draw the form of a new run."""
    st.title("Train a model", anchor=False)
    with st.container(key="beside-request"):
        left, right = st.columns(2, gap="large")
    with left:
        st.html("<h3>Data</h3>")
        data = ask_for_data()
    with right:
        st.html("<h3>Recipe</h3>")
        recipe = _ask_for_recipe()
        name, replace = _ask_for_name(recipe, states)
    st.html("<h3>Settings</h3>")
    changes = ask_for_settings(recipe)
    request = _request(recipe, changes, data, name, replace=replace)
    if request:
        check_and_start(request, changes, sum(active(state) for state in states))


def _ask_for_recipe() -> "Recipe":
    from core.training.request.recipe import load_recipe, recipe_names  # noqa: PLC0415 - pandas

    recipes = {name: load_recipe(name) for name in recipe_names()}
    name = st.selectbox(
        "Recipe",
        list(recipes),
        list(recipes).index("cancernet"),
        format_func=lambda name: f"{name}: {recipes[name].title}",
        key="recipe",
        help="A network and the way to train it. Everything in it can be changed below.",
        persist_state="session",
    )
    recipe = recipes[name]
    st.caption(_in_words(recipe))
    return recipe


def _in_words(recipe: "Recipe") -> str:
    side = f"{recipe.input_size} × {recipe.input_size} px"
    start = "weights from ImageNet" if recipe.weights == "imagenet" else "random weights at first"
    if recipe.probe:
        return f"{side}, {start}. The network stays as it is; logistic regression on its features."
    assert recipe.train  # noqa: S101 - a recipe has one of the two
    epochs = f"at most {recipe.train.epochs} epochs"
    if recipe.train.frozen_base:
        epochs += " of the last layer"
    if recipe.fine_tune:
        epochs += f", then {recipe.fine_tune.epochs} of the last {recipe.fine_tune.layers} layers"
    return f"{side}, {start}, {epochs}."


def _ask_for_name(recipe: "Recipe", states: list["RunState"]) -> tuple[str, bool]:
    from core.training.request.free_name import free_name  # noqa: PLC0415

    shelf = get_settings().own_models
    suggested = free_name(recipe.name, shelf, {state.request.name for state in states})
    before = st.session_state.get("suggested_name")
    # Only where it changes: what somebody is typing is not to be overwritten.
    if suggested != before and st.session_state.get("run_name") in {None, before}:
        st.session_state["run_name"] = suggested
    st.session_state["suggested_name"] = suggested
    name = st.text_input(
        "Name of the model",
        key="run_name",
        help="Lower-case letters, digits, - and _.",
        persist_state="session",
    ).strip()
    replace = False
    if name and "/" not in name and (shelf / name).exists():
        replace = st.toggle(
            "The shelf has a model of this name: this one may replace it",
            key="may_replace",
            help="It is replaced only when you choose to use the new one.",
        )
    return name, replace


def _request(
    recipe: "Recipe",
    changes: list[str],
    data: Data,
    name: str,
    *,
    replace: bool,
) -> "Request | None":
    from core.training.request.override import override  # noqa: PLC0415 - pandas
    from core.training.request.request import Request  # noqa: PLC0415

    try:
        changed = override(recipe, changes)
    except LobuleError as error:
        notice(str(error), "error")
        return None
    if data.path is None:
        return None
    return Request(
        recipe=changed,
        data=data.path,
        name=name,
        magnifications=data.magnifications,
        patient_pattern=data.pattern,
        um_per_px=data.um_per_px,
        replace=replace,
    )
