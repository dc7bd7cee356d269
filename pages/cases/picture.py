"""A kept answer as it was given: the verdict in words, the image and its map."""

from typing import TYPE_CHECKING

import streamlit as st

from core.cases.records import Answer, CaseImage
from core.cases.words import moment
from core.errors import LobuleError
from pages.cases.words import mark
from pages.shared.outcome import show_verdict
from pages.shared.plain import as_html, notice, quiet, table
from pages.shared.scale import compare_scale

if TYPE_CHECKING:
    from core.cases.store import Store
    from core.diagnosis import Diagnosis

MIN_SHARE, MAX_SHARE = 0.3, 0.8  # height of a panel over its width
_PROBABILITY, _HEAT = "Probability map", "Heatmap"
_BUTTONS = ["zoomIn2d", "zoomOut2d", "resetScale2d", "zoom2d", "pan2d"]


def show_answer(store: "Store", image: CaseImage, answer: Answer) -> None:
    """Draw an answer with its image, or say why it cannot be shown."""
    st.html(
        f'<div class="lobule-file"><b>{as_html(answer.model)}</b>'
        f"<span>answered {moment(answer.at)}, for {as_html(answer.by)}</span></div>"
    )
    try:
        diagnosis = _reopened(str(store.images), answer.id, image.sha256, store)
    except LobuleError as error:
        notice(str(error), "error")
        return
    show_verdict(diagnosis)
    for warning in diagnosis.warnings:
        notice(warning)
    _show_maps(diagnosis, answer.id)
    with st.expander("Scale and identity of the image"):
        compare_scale(diagnosis)
        if image.magnification:
            quiet(f"The scale was stated as BreaKHis {image.magnification}.")
        quiet(f"The model's SHA-256: {answer.model_sha256}")
        quiet(f"The image's SHA-256: {image.sha256}")


def show_beside(image: CaseImage) -> None:
    """Draw all answers of an image beside each other, in a table."""
    table(
        ("Model", "Answer", "Probability", "Answered"),
        [
            (
                f"{answer.model} {answer.model_sha256[:8]}",
                f"{mark(answer).symbol} {answer.said}",
                f"{100 * answer.probability:.1f} % {answer.shown_class}",
                f"{moment(answer.at)}, for {answer.by}",
            )
            for answer in image.answers
        ],
        caption="The answers of several models",
    )


# Few and not for long, since a whole image belongs to each; the ids of answers are of one store.
@st.cache_resource(max_entries=4, ttl=600, show_spinner=False)
def _reopened(images: str, answer_id: int, sha256: str, _store: "Store") -> "Diagnosis":  # noqa: ARG001 - the folder tells stores apart
    from core.cases.files import read_kept  # noqa: PLC0415 - OpenCV
    from core.cases.read import full_answer  # noqa: PLC0415 - SQLAlchemy
    from core.diagnosis_record import reopen  # noqa: PLC0415

    return reopen(full_answer(_store, answer_id), read_kept(_store.images, sha256))


def _show_maps(diagnosis: "Diagnosis", answer_id: int) -> None:
    from core.imaging.overlay import COLOUR_MAPS  # noqa: PLC0415 - OpenCV
    from core.imaging.preview import colour_scale, preview  # noqa: PLC0415
    from core.plots.side_by_side import side_by_side  # noqa: PLC0415

    names = [_HEAT] if diagnosis.probability_map is None else [_HEAT, _PROBABILITY]
    with st.container(horizontal=True, vertical_alignment="center"):
        name = st.segmented_control(
            "Map",
            names,
            default=_HEAT,
            required=True,
            key=f"case_map-{answer_id}",
            label_visibility="collapsed",
        )
        opacity = st.slider("Opacity of the map, %", 0, 100, 45, 5, key="case_opacity", width=260)
    heat = name != _PROBABILITY or diagnosis.probability_map is None
    values = diagnosis.heatmap if heat else diagnosis.probability_map
    if values is None:
        return
    height, width = diagnosis.image.pixels.shape[:2]
    figure = side_by_side(
        preview(diagnosis.image.pixels),
        height,
        width,
        values,
        colour_scale=colour_scale(COLOUR_MAPS[0]),
        value_name="heat" if heat else "probability",
        ends=("low", "high") if heat else ("0 %", "100 %"),
        smooth=heat,
        um_per_px=diagnosis.um_per_px,
    )
    share = max(MIN_SHARE, min(height / width, MAX_SHARE)) / 2
    st.html(
        f"<style>.st-key-pair {{ --share: {share:.4f}; --opacity: {opacity / 100:.2f}; }}</style>"
    )
    st.container(key="pair").plotly_chart(
        figure,
        height="stretch",
        key=f"case_figure-{answer_id}",
        config={"scrollZoom": True, "displaylogo": False, "modeBarButtons": [_BUTTONS]},
        alt=f"The image, and beside it the same image under its {str(name).lower()}.",
    )
