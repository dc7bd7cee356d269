"""Where the images lie that a model was judged on: in datasets opened or audited before."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.datasets.browse import recent_datasets, remember_dataset
from core.errors import LobuleError
from pages.figures.evaluated import EvaluatedModel
from pages.shared.dataset_choice import ask_for_path
from pages.shared.plain import notice

if TYPE_CHECKING:
    from core.datasets.records import Dataset, Task
    from core.datasets.whereabouts import Whereabouts

    Places = dict[str, Whereabouts]


def places_of(model: EvaluatedModel, images: tuple[str, ...]) -> "Places":
    """Where images lie; those that are in no dataset opened before are not in it."""
    from core.datasets.whereabouts import images_in  # noqa: PLC0415 - pandas

    if model.dataset is not None:
        return images_in(model.dataset, images, None)
    places = _found(model.key, tuple(recent_datasets()), images, model)
    return {name: place for name, place in places.items() if place.file.is_file()}


@st.cache_resource(show_spinner="Looking for the images …", max_entries=20)
def _found(
    key: tuple[str, int, int],  # noqa: ARG001 - what the predictions are known by
    folders: tuple[str, ...],
    images: tuple[str, ...],
    _model: EvaluatedModel,
) -> "Places":
    from core.datasets.whereabouts import images_in  # noqa: PLC0415 - pandas

    card = _model.package.card
    places: Places = {}
    for folder in folders:
        missing = [name for name in images if name not in places]
        if not missing:
            break
        try:
            dataset = _opened(Path(folder), card.task, card.classes)
            places |= images_in(dataset, missing, card.training.dataset_fingerprint)
        except (LobuleError, OSError):
            continue  # it has gone since, or is of another task
    return places


def ask_where(model: EvaluatedModel, images: tuple[str, ...]) -> "Places":
    """Ask for the folder of images, which nobody has opened yet; returns those found in it."""
    from core.datasets.whereabouts import images_in  # noqa: PLC0415 - pandas

    card = model.package.card
    st.text(f"To see the images, give the folder of {card.training.dataset}.")
    path = ask_for_path()
    if path is None:
        return {}
    try:
        places = images_in(_opened(path, card.task, card.classes), images, None)
    except LobuleError as error:
        notice(str(error), "error")
        return {}
    if not places:
        notice(f"None of these images is in {path}.")
    elif str(path) not in recent_datasets():
        remember_dataset(path)
    return places


@st.cache_resource(show_spinner="Listing the files …", max_entries=8)
def _opened(path: Path, task: "Task", classes: tuple[str, ...]) -> "Dataset":
    from core.datasets.classes import UndecidedClassesError  # noqa: PLC0415 - pandas
    from core.datasets.open import open_dataset  # noqa: PLC0415

    opened = partial(open_dataset, path, task=task, model_classes=classes)
    try:
        return opened()
    except UndecidedClassesError as error:
        # Files are looked for, and which class is positive does not matter to them.
        return opened(positive=error.classes[0])
