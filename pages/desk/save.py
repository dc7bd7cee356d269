"""The way from the Diagnose page into the worklist."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from core.cases.judgement import judgement
from core.cases.records import NewImage, Verdict
from core.errors import LobuleError
from pages.desk.answers import Failure, Query, ask, summary
from pages.desk.state import Desk, open_desk
from pages.shared.plain import as_html, notice
from pages.shared.who import ask_who, who

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from core.diagnosis import Diagnosis

WORKLIST = "pages/worklist.py"
_SAVE = "Save as case"
_HELP = "Keeps images, answers and the model's card on this computer."


def offer_to_save(queries: list[Query], place: "DeltaGenerator") -> None:
    """Draw the button that saves what was answered as a case, or the way to the saved one."""
    with place.container():
        _offer(queries)


def hold_room(place: "DeltaGenerator", key: str = "save_held") -> None:
    """Draw the button while nothing can be saved yet, so that what is under it stays in place."""
    place.button(_SAVE, key=key, width="stretch", disabled=True)


def _offer(queries: list[Query]) -> None:
    answered = [query for query in queries if _has_answer(query)]
    if any(summary(query) is None for query in queries):
        hold_room(st.container(), "save_later")
        return
    if not answered:
        return
    if case_id := _saved(answered):
        st.html(f'<p class="lobule-quiet">Saved as case <b>{as_html(case_id)}</b></p>')
        if st.button("Open in the worklist", key="open_saved", width="stretch"):
            st.switch_page(WORKLIST, query_params={"case": case_id})
    elif st.button(_SAVE, key="save_case", width="stretch", help=_HELP):
        _ask_and_save(answered, len(queries) - len(answered))


@st.dialog(_SAVE)
def _ask_and_save(answered: list[Query], failed: int) -> None:
    number = len(answered)
    st.text(f"{number:,} images with their answers" if number > 1 else "1 image with its answer")
    if failed:
        notice(f"{failed:,} without an answer left out.")
    patient = st.text_input(
        "Patient's pseudonym",
        key="save_patient",
        placeholder="none",
        max_chars=100,
        help="The same for all cases of one patient. Not a real name.",
    )
    names = st.toggle(
        "Keep the files' names",
        key="save_names",
        help="A file name may identify the patient. Otherwise: image 1, image 2 …",
    )
    ask_who("save_user")
    place = st.empty()
    if st.button("Save", type="primary", key="save_now", width="stretch"):
        try:
            _save(answered, patient, place, names=names)
        except LobuleError as error:
            notice(str(error), "error")
        else:
            st.rerun()


def _save(answered: list[Query], patient: str, place: "DeltaGenerator", *, names: bool) -> None:
    from core.cases.save import save_case  # noqa: PLC0415 - SQLAlchemy and OpenCV
    from core.cases.store import open_store  # noqa: PLC0415

    case_id = save_case(open_store(), _images(answered, place, names=names), who(), patient=patient)
    desk = open_desk()
    desk.saved[_key(answered)] = case_id
    desk.saved_verdicts = dict(desk.verdicts)


def _images(answered: list[Query], place: "DeltaGenerator", *, names: bool) -> Iterator[NewImage]:
    from core.diagnosis_record import record  # noqa: PLC0415 - the image journey

    desk = open_desk()
    for number, query in enumerate(answered, start=1):
        place.progress((number - 1) / len(answered), text=f"Saving {number:,} of {len(answered):,}")
        # The answer as the list shows it, whatever heatmap is looked at.
        answer = ask(replace(query, heatmap_class=None, heatmap_layer=None))
        if isinstance(answer, Failure):
            raise LobuleError(f"{query.upload.name}: {answer.reason}")
        name = query.upload.name if names else f"image {number}"
        scale = desk.scale_of(query.upload)
        yield NewImage(
            name,
            answer.image.pixels,
            record(answer, name),
            query.upload.synthetic,
            *_verdict(desk, query, answer),
            # Another window may have stated another scale than the answer was given for.
            magnification=scale.magnification
            if scale and scale.um_per_px == query.um_per_px
            else "",
        )


def _verdict(desk: Desk, query: Query, answer: "Diagnosis") -> tuple[Verdict | None, str]:
    if query.subject not in desk.verdicts:
        return None, ""
    return judgement(desk.verdicts[query.subject], answer.outcome.name, answer.classes)


def _has_answer(query: Query) -> bool:
    short = summary(query)
    return short is not None and short.predicted is not None


def _key(answered: list[Query]) -> tuple[object, ...]:
    desk = open_desk()
    verdicts = tuple(desk.verdicts.get(query.subject, "") for query in answered)
    scales = tuple(desk.scale_of(query.upload) for query in answered)
    return (*(query.key(desk)[:3] for query in answered), verdicts, scales)


def _saved(answered: list[Query]) -> str | None:
    """Return the case that holds these answers and verdicts, if it was saved and still stands."""
    case_id = open_desk().saved.get(_key(answered))
    if case_id is None:
        return None
    from core.cases.read import load_case  # noqa: PLC0415 - SQLAlchemy
    from core.cases.store import open_store  # noqa: PLC0415

    try:
        return case_id if load_case(open_store(), case_id).deleted_at is None else None
    except LobuleError:
        return None
