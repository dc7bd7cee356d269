"""What only whoever brings a model knows of it, asked in a short form."""

import re
from typing import TYPE_CHECKING

import streamlit as st

from core.adoption.request import Adoption
from core.adoption.scaling import SCALINGS, Scaling
from core.datasets.class_words import positive_of
from core.registry.manage import NAMES_ARE
from pages.shared.dataset_choice import ask_for_path

if TYPE_CHECKING:
    from pages.shelf.brought_job import ReadJob

_BINARY = 2
_TRY = "trial"  # None would be no choice at all
_CLASSES_HELP = (
    "In the order of the outputs, separated by commas. Keras sorts folders alphabetically."
)
_FIELD_HELP = (
    "Side of the square one training image showed. Empty: from the labelled folder, or the "
    "input's pixels at that scale."
)


def ask_for_adoption(job: "ReadJob", key: str, *, disabled: bool) -> Adoption | None:
    """Draw the form; None until all that is needed was said."""
    foreign = job.foreign
    assert foreign  # noqa: S101 - it was read
    first, second = st.columns(2)
    name = first.text_input(
        "Name",
        _suggested(foreign.name),
        key=f"name-{key}",
        max_chars=64,
        help=f"{NAMES_ARE.capitalize()}.",
        disabled=disabled,
    ).strip()
    title = second.text_input(
        "Title", key=f"title-{key}", max_chars=200, placeholder=name, disabled=disabled
    ).strip()
    typed = first.text_input(
        f"Its {foreign.classes} classes",
        key=f"classes-{key}",
        placeholder="benign, malignant" if foreign.classes == _BINARY else "first, second, …",
        help=_CLASSES_HELP,
        disabled=disabled,
    )
    classes = tuple(part.strip() for part in typed.split(",")) if typed.strip() else ()
    st.session_state[f"named-{key}"] = classes
    positive = None
    if len(classes) == foreign.classes == _BINARY:
        positive = second.selectbox(
            "Positive class",
            classes,
            index=positive_of(*classes),
            key=f"positive-{key}-{typed}",
            placeholder="Which class is to be detected?",
            disabled=disabled,
        )
    first, second = st.columns(2)
    um_per_px = first.number_input(
        "Scale of its training images, µm/px",
        min_value=0.01,
        max_value=50.0,
        value=None,
        format="%.3f",
        key=f"scale-{key}",
        placeholder="such as 0.25",
        disabled=disabled,
    )
    field = second.number_input(
        "Field of one, µm",
        min_value=1.0,
        value=None,
        format="%.1f",
        key=f"field-{key}",
        placeholder="optional",
        help=_FIELD_HELP,
        disabled=disabled,
    )
    side = None
    if foreign.side is None:
        side = first.number_input(
            "Side of its input, px", 8, 4096, 224, key=f"side-{key}", disabled=disabled
        )
    st.html("<h3>Labelled images to judge it on (optional)</h3>")
    data = ask_for_path()
    unseen = False
    if data:
        unseen = st.checkbox(
            "It was trained on none of these patients",
            key=f"unseen-{key}",
            help="Otherwise its figures are marked and it answers only if chosen by name.",
            disabled=disabled,
        )
    scaling = _ask_for_scaling(key, inside=job.inside, can_try=data is not None, off=disabled)
    if not name or not classes or (len(classes) == _BINARY and positive is None):
        st.caption("Name its classes to continue.")
        return None
    return Adoption(
        name=name,
        classes=classes,
        positive=positive,
        um_per_px=um_per_px,
        field_um=field,
        scaling=scaling,
        title=title or None,
        data=data,
        unseen=unseen,
        side=side,
    )


def _ask_for_scaling(key: str, *, inside: str | None, can_try: bool, off: bool) -> Scaling | None:
    """None has it tried on the labelled folder, or asked about by whoever adds the model."""
    options: list[str] = [*([_TRY] if can_try else []), *SCALINGS]
    first = 0 if can_try else options.index("pixels") if inside else None
    chosen = st.selectbox(
        "Colours, as it wants them",
        options,
        index=first,
        key=f"scaling-{key}-{can_try}",
        format_func=_scaling_words,
        placeholder="How were images scaled in training?",
        help="Unknown? Try each on a labelled folder or on one image.",
        disabled=off,
    )
    return next((scaling for scaling in SCALINGS if scaling == chosen), None)


def _scaling_words(chosen: str) -> str:
    scaling = next((scaling for scaling in SCALINGS if scaling == chosen), None)
    if scaling is None:
        return "Find out on the labelled folder"
    return f"{SCALINGS[scaling].title} ({SCALINGS[scaling].used_by})"


def _suggested(file: str) -> str:
    stem = file.rpartition(".")[0].lower()
    return re.sub(r"[^a-z0-9_-]+", "-", stem).strip("-_")[:64] or "model"
