"""The worst errors as a gallery with heatmaps, one click from Diagnose."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import DatasetError, LobuleError
from core.registry.package import Package
from core.roots import image_file
from pages.figures.evaluated import EvaluatedModel
from pages.figures.numbers import offer_numbers
from pages.figures.whereabouts import ask_where, places_of
from pages.shared.account import tell
from pages.shared.hand_over import HandedOver, hand_over
from pages.shared.plain import as_html, notice, visible

if TYPE_CHECKING:
    import pandas as pd

    from core.datasets.whereabouts import Whereabouts

PAGE = 8
_OPACITY = 0.45
_HEAT = (
    "Grad-CAM of the final model, trained on this patient; the answer shown is by a model "
    "that was not."
)


def errors_of(model: EvaluatedModel) -> "pd.DataFrame":
    """The images that were called wrongly, the worst first."""
    return _errors(model.key, model)


@st.cache_resource(show_spinner=False, max_entries=50)
def _errors(key: tuple[str, int, int], _model: EvaluatedModel) -> "pd.DataFrame":  # noqa: ARG001
    from core.evaluation.worst_errors import worst_errors  # noqa: PLC0415 - pandas

    return worst_errors(_model.predictions)


def show_errors(model: EvaluatedModel) -> None:
    """Draw the worst errors, a page at a time, with their images where a dataset has them."""
    errors = errors_of(model)
    number, whole = len(errors), model.predictions.image_count
    pages = -(-number // PAGE)
    with st.container(horizontal=True, vertical_alignment="bottom", key="errors"):
        page = 1
        if pages > 1:
            page = int(
                st.number_input(f"Page, of {pages:,}", 1, pages, key="error_page", width=130)
            )
        st.text(
            f"{number:,} of {whole:,} images miscalled ({number / whole:.1%}), the surest first",
            width="stretch",
        )
        switch = st.empty()
    shown = errors.iloc[PAGE * (page - 1) : PAGE * page]
    names = tuple(shown["image"])
    places = places_of(model, names) or (ask_where(model, names) if not model.dataset else {})
    heat = bool(places) and switch.toggle("Heatmaps", value=True, key="error_heat")
    _draw(model, shown, places, heat=heat)
    offer_numbers(
        model,
        errors,
        "errors",
        "rows whose call is not their label, by the probability of label; of several rounds wrong "
        "in most, by mean probability.",
    )
    if model.dataset is None:
        tell("Heatmaps", _HEAT)


def _draw(
    model: EvaluatedModel, shown: "pd.DataFrame", places: "dict[str, Whereabouts]", *, heat: bool
) -> None:
    bar = st.empty()
    columns = st.columns(4, gap="medium") + st.columns(4, gap="medium")
    for number, (at, row) in enumerate(shown.iterrows()):
        if heat:
            bar.progress(
                number / len(shown), text=f"Drawing heatmaps: {number + 1} of {len(shown)}"
            )
        with columns[number]:
            _show_error(model, row, places, key=f"error-{at}", heat=heat)
    bar.empty()


def _show_error(
    model: EvaluatedModel,
    row: "pd.Series",
    places: "dict[str, Whereabouts]",
    *,
    key: str,
    heat: bool,
) -> None:
    place = places.get(row["image"])
    if place is not None:
        _show_image(model, row["image"], place, heat=heat)
    elif places:
        st.html('<span class="lobule-none">not in a dataset opened before</span>')
    facts = " · ".join(filter(None, (row["patient"], row["magnification"], row["subtype"])))
    often = f" in {row['wrong']} of {row['rounds']} rounds" if row["rounds"] > 1 else ""
    path, file = escape(visible(row["image"]), quote=True), row["image"].rpartition("/")[2]
    st.html(
        f'<div class="lobule-shot" title="{path}"><b>{as_html(row["label"])}</b>, called '
        f"{as_html(row['called'])}{often}<br><small>{as_html(row['label'])} "
        f"{row['probability']:.3f}<br>{as_html(facts)}<br>{as_html(file)}</small></div>"
    )
    if place is not None and st.button("Diagnose", key=key, width="stretch"):
        hand_over(HandedOver(place.file, row["image"], place.um_per_px, model.name))


def _show_image(model: EvaluatedModel, name: str, place: "Whereabouts", *, heat: bool) -> None:
    try:
        written = image_file(place.file).stat().st_mtime_ns
    except OSError as error:
        notice(f"{name} cannot be read ({error.strerror}).", "error")
        return
    except DatasetError as error:
        notice(str(error), "error")
        return
    package = model.package if heat else None
    picture, fault = _picture(str(place.file), written, place.um_per_px, package)
    if picture:
        alt = escape(visible(name), quote=True)
        st.html(f'<div class="lobule-shot"><img src="{picture}" alt="{alt}"></div>')
    else:
        notice(fault, "error")


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
