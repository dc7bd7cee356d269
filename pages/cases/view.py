"""One case: its images, answers, verdicts and trail."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from core.cases.records import Case, CaseImage
from core.cases.words import moment
from core.counts import counted
from core.errors import DamagedCaseError, LobuleError
from core.rights import EVERYBODY
from core.settings import get_settings
from pages.cases.exports import offer_report
from pages.cases.images import choose_image
from pages.cases.list import open_case
from pages.cases.picture import show_answer, show_beside
from pages.cases.rerun import ask_rerun
from pages.cases.trail import show_trail, told_where_broken, why_broken
from pages.cases.verdict import as_seen, ask_verdict, seen
from pages.cases.words import DELETED
from pages.shared.plain import as_html, notice, visible
from pages.shared.who import ask_who, who

if TYPE_CHECKING:
    from core.cases.store import Store


def show_case(store: "Store", case_id: str) -> None:
    """Draw a case, or the tombstone of a deleted one; first of all, whether its trail holds.

    Raises
    ------
    CaseError
        If there is none of that id for whoever acts, or the database cannot be used.
    """
    from core.cases.read import load_case  # noqa: PLC0415 - SQLAlchemy

    damage = ""
    case = None
    try:
        case = load_case(store, case_id)
    except DamagedCaseError as error:
        damage = str(error)
    with st.sidebar:
        if st.button(
            "Back to the worklist", icon=":material/arrow_back:", key="back", shortcut="Esc"
        ):
            leave(case_id)
    st.title(f"Case {case_id}", anchor=False)
    if broken := why_broken(store, case_id):
        notice(broken, "error")
    if case is None:
        notice(damage, "error")
    elif case.deleted_at:
        notice(f"This case was deleted on {moment(case.deleted_at)}.", "note")
    else:
        with told_where_broken(broken):
            _show_all(store, case, broken)
    show_trail(store, case_id, open_at_once=case is None or case.deleted_at is not None)


def _show_all(store: "Store", case: Case, broken: str) -> None:
    origin = f"saved {moment(case.created_at)} by {case.created_by}"
    patient = f"patient {case.patient}" if case.patient else "no patient's pseudonym"
    words = " · ".join((counted(len(case.images), "image"), patient, origin))
    st.html(f'<div class="lobule-file"><span>{as_html(words)}</span></div>')
    with told_where_broken(broken):
        _show_whole(store, case, broken)
    shown = replace(case, version=as_seen(case))
    if shown.version != case.version:
        _tell_of_change(case)
    with st.sidebar:
        image = choose_image(store.images, case)
        ask_rerun(store, shown)
        st.html("<h3>The case</h3>")
        with st.container(horizontal=True):
            offer_report(store, case)
            if st.button("Patient", key="name_patient", help="Change the patient's pseudonym."):
                _name_patient(store, shown)
            if get_settings().roles and st.button("Share", key="share"):
                _share(store, shown)
            if st.button("Delete", key="delete"):
                _confirm_deletion(store, shown)
    _show_image(store, shown, image, broken)


def _show_whole(store: "Store", case: Case, broken: str) -> None:
    """Draw a sentence a model, by the rule that the Diagnose page goes by."""
    sentences = _told((str(store.images), case.id, case.version, broken), store, case)
    if not sentences:
        return
    from core.inference.case import RULE  # noqa: PLC0415 - NumPy

    for sentence in sentences:
        st.text(visible(sentence), help=RULE)


# The store's folder tells stores apart; a change of the case makes a new version of it, and one
# behind Lobule's back breaks its trail.
@st.cache_data(max_entries=20, show_spinner=False)
def _told(kept_under: tuple[object, ...], _store: "Store", _case: Case) -> list[str]:  # noqa: ARG001
    from core.cases.read import full_answer  # noqa: PLC0415 - SQLAlchemy
    from core.cases.report_words import case_answers  # noqa: PLC0415 - NumPy

    ids = [answer.id for image in _case.images for answer in image.answers]
    return case_answers(_case, {answer_id: full_answer(_store, answer_id) for answer_id in ids})


def leave(case_id: str) -> None:
    """Go back to the list."""
    seen(case_id, None)
    open_case(None)
    st.rerun()


def _tell_of_change(case: Case) -> None:
    notice("Changed in another window. Reload the case to change it here.")
    if st.button("Reload", key="reload"):
        seen(case.id, case.version)
        st.rerun()


def _show_image(store: "Store", case: Case, image: CaseImage, broken: str) -> None:
    badge = '<span class="lobule-badge">synthetic image, no patient</span>'
    st.html(
        f'<div class="lobule-file"><span>{as_html(image.name)}</span>'
        f"{badge if image.synthetic else ''}</div>"
    )
    with st.container(key="judging"):
        left, right = st.columns([3, 1], gap="large")
        with left:
            answer = image.answers[0]
            if len(image.answers) > 1:
                show_beside(image)
                answer = st.selectbox(
                    "In full, the answer of",
                    image.answers,
                    format_func=lambda answer: f"{visible(answer.model)}, {moment(answer.at)}",
                    key=f"answer-{image.id}-{len(image.answers)}",
                )
            with told_where_broken(broken):
                show_answer(store, image, answer, broken)
        with right:
            ask_verdict(store, case, image)


def _change(case: Case, change: Callable[[], None]) -> None:
    """Change a case and show it as it is then, or say why it is not changed."""
    try:
        change()
    except LobuleError as error:
        notice(str(error), "error")
    else:
        seen(case.id, case.version + 1)
        st.rerun()


@st.dialog("The patient's pseudonym")
def _name_patient(store: "Store", case: Case) -> None:
    from core.cases.change import name_patient  # noqa: PLC0415 - SQLAlchemy

    patient = st.text_input(
        "Pseudonym",
        case.patient,
        key=f"patient-{case.id}-{case.version}",
        max_chars=100,
        help="The same for all cases of one patient. Not a real name.",
    )
    ask_who("patient_user")
    if st.button("Save", type="primary", key="save_patient_name", width="stretch"):
        _change(case, lambda: name_patient(store, case, who(), patient))


@st.dialog("Share this case")
def _share(store: "Store", case: Case) -> None:
    from core.cases.change import share_case  # noqa: PLC0415 - SQLAlchemy

    everybody = st.toggle(
        "With everybody here", EVERYBODY in case.shared_with, key=f"everybody-{case.version}"
    )
    names = st.text_area(
        "With",
        ", ".join(name for name in case.shared_with if name != EVERYBODY),
        key=f"names-{case.version}",
        placeholder="anna@hospital.example, @lab.example, a group",
        help="Divided by commas. They can open the case; pathologists can judge it.",
    )
    if st.button("Save", type="primary", key="save_share", width="stretch"):
        wanted = [*names.split(","), *([EVERYBODY] if everybody else [])]
        _change(case, lambda: share_case(store, case, who(), wanted))


@st.dialog("Delete this case?")
def _confirm_deletion(store: "Store", case: Case) -> None:
    from core.cases.change import delete_case  # noqa: PLC0415 - SQLAlchemy

    st.text(f"Case {case.id}, {counted(len(case.images), 'image')}. {DELETED}")
    ask_who("delete_user")
    if st.button("Delete for good", type="primary", key="delete_now", width="stretch"):
        try:
            delete_case(store, case, who())
        except LobuleError as error:
            notice(str(error), "error")
        else:
            leave(case.id)
