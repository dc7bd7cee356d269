"""The worst errors as a gallery with heatmaps, one click from Diagnose."""

from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from core.registry.package import Package
from pages.figures.evaluated import EvaluatedModel
from pages.figures.numbers import offer_numbers
from pages.shared.dataset_choice import ask_for_path
from pages.shared.hand_over import HandedOver, hand_over
from pages.shared.plain import as_html, notice, quiet, visible

if TYPE_CHECKING:
    import pandas as pd

    from core.datasets.records import Dataset

PAGE = 8
_OPACITY = 0.45
_HELP = "Called wrongly, the surest first. Of several rounds: wrong in most, by mean probability."
_HEAT = (
    "Grad-CAM of the whole model, which has seen this patient; the answer written here is by "
    "one that had not."
)


def show_errors(model: EvaluatedModel) -> None:
    """Draw the worst errors, a page at a time, where the images are at hand."""
    from core.evaluation.worst_errors import worst_errors  # noqa: PLC0415 - pandas

    errors = worst_errors(model.predictions)
    number, whole = len(errors), model.predictions.image_count
    st.text(
        f"{number:,} of {whole:,} images were called wrongly ({number / whole:.1%})", help=_HELP
    )
    if not number:
        return
    offer_numbers(
        model, errors, "errors", "rows whose call is not their label, by the probability of label."
    )
    root = model.root or _ask_for_folder(model)
    page = _ask_for_page(number)
    shown = errors.iloc[PAGE * (page - 1) : PAGE * page]
    heat = root is not None and st.toggle("Heatmaps", value=True, key="error_heat", help=_HEAT)
    scales = _scales(root, model) if root else {}
    bar = st.empty()
    places = st.columns(4, gap="medium") + st.columns(4, gap="medium")
    for place, (at, row) in enumerate(shown.iterrows()):
        if heat:
            bar.progress(place / len(shown), text=f"Drawing heatmaps: {place + 1} of {len(shown)}")
        with places[place]:
            _show_error(model, row, root, scales, key=f"error-{at}", heat=heat)
    bar.empty()


def _ask_for_folder(model: EvaluatedModel) -> Path | None:
    training = model.package.card.training
    st.html("<h3>Where are the images?</h3>")
    quiet(f"The model brings its answers, not the images. Give the folder of {training.dataset}.")
    path = ask_for_path()
    if path is not None and not path.is_dir():
        notice(f"There is no folder {path}.", "error")
        return None
    return path


def _ask_for_page(number: int) -> int:
    pages = -(-number // PAGE)
    if pages == 1:
        return 1
    return int(
        st.columns([1, 4])[0].number_input(f"Page, of {pages:,}", 1, pages, key="error_page")
    )


def _scales(root: Path, model: EvaluatedModel) -> dict[str, float]:
    """µm/px of each image of a folder; empty where the folder cannot be opened as a dataset."""
    try:
        dataset = _opened(root, model.package.card.task, model.package.card.classes)
    except LobuleError as error:
        notice(str(error), "error")
        return {}
    columns = dataset.records[["path", "um_per_px"]].itertuples(index=False)
    return {path: scale for path, scale in columns if scale and scale > 0}


@st.cache_resource(show_spinner="Listing the files …", max_entries=4)
def _opened(root: Path, task: str, classes: tuple[str, ...]) -> "Dataset":
    from core.datasets.classes import UndecidedClassesError  # noqa: PLC0415 - pandas
    from core.datasets.open import open_dataset  # noqa: PLC0415 - pandas

    opened = partial(open_dataset, root, task=task, model_classes=classes)  # type: ignore[arg-type]
    try:
        return opened()
    except UndecidedClassesError as error:
        # Scales are looked for, and which class is positive does not matter to them.
        return opened(positive=error.classes[0])


def _show_error(
    model: EvaluatedModel,
    row: "pd.Series",
    root: Path | None,
    scales: dict[str, float],
    *,
    key: str,
    heat: bool,
) -> None:
    file = _inside(root, row["image"]) if root else None
    if file is not None:
        scale = scales.get(row["image"])
        package = model.package if heat else None
        picture, fault = _picture(str(file), file.stat().st_mtime_ns, scale, package)
        if picture:
            alt = escape(visible(row["image"]), quote=True)
            st.html(f'<div class="lobule-shot"><img src="{picture}" alt="{alt}"></div>')
        else:
            notice(fault, "error")
    elif root:
        notice(f"{row['image']} is not in {root}.")
    said = " · ".join(filter(None, (row["patient"], row["magnification"], row["subtype"])))
    often = f" in {row['wrong']} of {row['rounds']} rounds" if row["rounds"] > 1 else ""
    st.html(
        f'<div class="lobule-shot"><b>{as_html(row["label"])}</b>, called '
        f"{as_html(row['called'])}{often}<br><small>probability of {as_html(row['label'])} "
        f"{row['probability']:.3f}<br>{as_html(said)}<br>{as_html(row['image'])}</small></div>"
    )
    if file is not None and st.button("Diagnose", key=key, width="stretch"):
        hand_over(HandedOver(file, row["image"], scale, model.name))


def _sha256(package: Package) -> str:
    return package.model_sha256


@st.cache_data(max_entries=200, show_spinner=False, hash_funcs={Package: _sha256})
def _picture(
    file: str,
    modified: int,  # noqa: ARG001 - part of what is remembered
    um_per_px: float | None,
    package: Package | None,
) -> tuple[str | None, str]:
    """An image as a browser takes it, under a model's heatmap if one is given; or why not."""
    from core.diagnosis import diagnose  # noqa: PLC0415 - the image journey
    from core.imaging.overlay import overlay  # noqa: PLC0415 - OpenCV
    from core.imaging.preview import preview  # noqa: PLC0415
    from core.imaging.read import read_image  # noqa: PLC0415

    try:
        if package is None:
            return preview(read_image(Path(file)).pixels), ""
        answer = diagnose(Path(file), package=package, um_per_px=um_per_px)
        return preview(overlay(answer.image.pixels, answer.heatmap, opacity=_OPACITY)), ""
    except (LobuleError, OSError) as error:
        return None, str(error)


def _inside(root: Path, name: str) -> Path | None:
    """The file of that name in the folder; None if it is not there or the name leads out of it.

    Links are followed, as they are where the folder is read: they are its owner's.
    """
    relative = Path(name)
    if relative.is_absolute() or ".." in relative.parts:
        return None
    try:
        file = (root / relative).resolve()
        return file if file.is_file() else None
    except (OSError, ValueError):
        return None
