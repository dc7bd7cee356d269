"""A kept answer as it was given: the outcome in words, the image and its map."""

from typing import TYPE_CHECKING

import streamlit as st

from core.cases.files import read_kept
from core.cases.records import Answer, CaseImage
from core.cases.words import moment
from core.errors import LobuleError
from pages.cases.words import mark
from pages.shared.maps import ask_view, choose_map, draw_map
from pages.shared.outcome import compare_scale, show_outcome
from pages.shared.plain import as_html, notice, quiet, table

if TYPE_CHECKING:
    from core.cases.store import Store
    from core.diagnosis import Diagnosis


def show_answer(store: "Store", image: CaseImage, answer: Answer, broken: str) -> None:
    """Draw an answer with its image, or say why it cannot be shown.

    It is read anew where what `broken` says of the trail is new.
    """
    st.html(
        f'<div class="lobule-file"><b>{as_html(answer.model)}</b>'
        f"<span>answered {moment(answer.at)}, for {as_html(answer.by)}</span></div>"
    )
    try:
        diagnosis = _reopened((str(store.images), broken), answer.id, image.sha256, store)
    except LobuleError as error:
        notice(str(error), "error")
        return
    show_outcome(diagnosis)
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
def _reopened(
    kept_under: tuple[str, str],  # noqa: ARG001 - the folder tells stores apart
    answer_id: int,
    sha256: str,
    _store: "Store",
) -> "Diagnosis":
    from core.cases.read import full_answer  # noqa: PLC0415 - SQLAlchemy
    from core.diagnosis_record import reopen  # noqa: PLC0415

    return reopen(full_answer(_store, answer_id), read_kept(_store.images, sha256))


def _show_maps(diagnosis: "Diagnosis", answer_id: int) -> None:
    drawing = st.container()
    view = ask_view("case_")
    with drawing:
        name, values = choose_map(diagnosis, f"case_map-{answer_id}")
        draw_map(diagnosis, name, values, view, f"case_figure-{answer_id}")
