"""A new run: on which data, by which recipe, under which name; then checked, then started."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from core.encoders.shelf import encoders
from core.errors import LobuleError
from core.imaging.scale import HIGHEST, LOWEST
from core.settings import get_settings
from pages.runs.settings import ask_for_settings
from pages.runs.start import check_and_start
from pages.runs.words import active
from pages.shared.dataset_choice import ask_for_neighbours, ask_for_path, ask_for_positive
from pages.shared.plain import notice

if TYPE_CHECKING:
    from core.training.jobs.state import RunState
    from core.training.request.recipe import Recipe
    from core.training.request.request import Request


class Data(NamedTuple):
    """What was said of the data.

    Attributes
    ----------
    path : Path or None
    magnifications : tuple of str or None
        None is all there are.
    pattern : str or None
        That finds the patient in a path.
    um_per_px : float or None
        Scale of the images that do not say theirs, micrometres per pixel.
    positive : str or None
        The positive class, where the words of the two do not say it.
    group_neighbours : bool
        Whether neighbouring ids of IDC count as one woman.
    """

    path: Path | None
    magnifications: tuple[str, ...] | None = None
    pattern: str | None = None
    um_per_px: float | None = None
    positive: str | None = None
    group_neighbours: bool = False


def ask_for_run(states: list["RunState"]) -> None:
    """Draw the form of a new run."""
    st.title("Train a model", anchor=False)
    with st.container(key="beside-request"):
        left, right = st.columns(2, gap="large")
    with left:
        st.html("<h3>Data</h3>")
        data = _ask_for_data()
    with right:
        st.html("<h3>Recipe</h3>")
        recipe, on_encoder = _ask_for_encoder(_ask_for_recipe())
        name, replace = _ask_for_name(recipe, states)
    changes = [*on_encoder, *ask_for_settings(recipe)]
    request = _request(recipe, changes, data, name, replace=replace)
    if request:
        check_and_start(request, changes, sum(active(state) for state in states))


def _ask_for_data() -> Data:
    """Ask for the dataset, the magnifications of it to train on, its patients and its scale.

    The last four are asked for only where an audit or a check has found that the images do not say.
    """
    path = ask_for_path()
    if path is None:
        st.caption("Choose the dataset first.")
        return Data(None)
    offered = st.session_state.get("offered", {}).get(path, ())
    chosen: list[str] = []
    if len(offered) > 1:
        chosen = st.pills(
            "Magnifications",
            offered,
            selection_mode="multi",
            key=f"train-magnifications-{path}",
            help="None chosen: all.",
            persist_state="session",
        )
    pattern = None
    if path in st.session_state.get("without_patients", ()):
        pattern = st.text_input(
            "Patients, by a pattern",
            key=f"pattern-{path}",
            placeholder=r"(?P<patient>\d+)_",
            help="A regular expression with a group named patient.",
            persist_state="session",
        ).strip()
    scale = _ask_for_scale(path) if path in st.session_state.get("without_scale", ()) else None
    return Data(
        *(path, tuple(sorted(chosen, key=offered.index)) or None, pattern or None, scale),
        ask_for_positive(path),
        ask_for_neighbours(path),
    )


def _ask_for_scale(path: Path) -> float | None:
    return st.number_input(
        "Scale of the images, µm per pixel",
        min_value=LOWEST,
        max_value=HIGHEST,
        value=None,
        step=0.01,
        format="%.3f",
        key=f"scale-{path}",
        placeholder="such as 0.5",
        help="The images do not state it.",
        persist_state="session",
    )


def _ask_for_recipe() -> "Recipe":
    from core.training.request.recipe import load_recipe, recipe_names  # noqa: PLC0415 - pandas

    recipes = {name: load_recipe(name) for name in recipe_names()}
    name = st.selectbox(
        "Recipe",
        list(recipes),
        list(recipes).index("cancernet"),
        format_func=lambda name: f"{name}: {recipes[name].title}",
        key="recipe",
        help="A network and how to train it.",
        persist_state="session",
    )
    recipe = recipes[name]
    st.caption(_in_words(recipe))
    return recipe


def _ask_for_encoder(recipe: "Recipe") -> tuple["Recipe", list[str]]:
    """Ask which encoder a recipe shall use that needs one; what was changed is given, too."""
    from core.training.request.encoder import changes_for  # noqa: PLC0415 - pandas
    from core.training.request.override import override  # noqa: PLC0415
    from core.training.request.recipe import ENCODER  # noqa: PLC0415

    if recipe.architecture != ENCODER:
        return recipe, []
    titles = {entry.name: entry.encoder.card.title for entry in encoders() if entry.encoder}
    if not titles:
        notice("There is no encoder here yet. Add one on the Models page.", "note")
        return recipe, []
    name = st.selectbox(
        "Encoder",
        list(titles),
        format_func=lambda name: name if titles[name] == name else f"{name}: {titles[name]}",
        key="encoder",
        help="The frozen network whose features are learnt from.",
        persist_state="session",
    )
    changes = changes_for(name)
    return override(recipe, changes), changes


def _in_words(recipe: "Recipe") -> str:
    side = f"{recipe.input_size} × {recipe.input_size} px"
    if recipe.weights == "encoder":
        return "An encoder, frozen; logistic regression on its features."
    start = "ImageNet weights" if recipe.weights == "imagenet" else "random weights"
    if recipe.probe:
        return f"{side}, {start}, frozen; logistic regression on its features."
    assert recipe.train  # noqa: S101 - a recipe has one of the two
    epochs = f"at most {recipe.train.epochs} epochs"
    if recipe.train.frozen_base:
        epochs += " of the last layer"
    if recipe.fine_tune:
        epochs += f", then {recipe.fine_tune.epochs} of the last {recipe.fine_tune.layers} layers"
    return f"{side}, {start}, {epochs}."


def _ask_for_name(recipe: "Recipe", states: list["RunState"]) -> tuple[str, bool]:
    from core.training.request.request import suggested_name  # noqa: PLC0415

    shelf = get_settings().own_models
    suggested = suggested_name(recipe.name, shelf, {state.request.name for state in states})
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
            "Replace the model of this name",
            key="may_replace",
            help="Only when you choose to use the new one.",
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
        positive=data.positive,
        group_neighbours=data.group_neighbours,
        replace=replace,
    )
