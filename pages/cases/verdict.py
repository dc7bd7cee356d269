"""The pathologist's verdict on an image: a key a class, other subtypes, and a note."""

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from core.cases.judgement import judgement, label_of
from core.cases.records import Case, CaseImage, Verdict
from core.cases.words import moment
from core.errors import LobuleError
from pages.cases.images import place_of, show
from pages.cases.words import verdict_words
from pages.shared.judging import ask_class
from pages.shared.plain import notice, quiet, visible
from pages.shared.who import ask_who, who

if TYPE_CHECKING:
    from core.cases.store import Store

_OTHER_HELP = "If none of the model's classes fits."


def ask_verdict(store: "Store", case: Case, image: CaseImage) -> None:
    """Draw the verdict of an image as it is, to be changed; `case` is as this window knows it."""
    # What is typed belongs to one state of the case; a newer one has widgets of its own.
    tag = f"{image.id}-{case.version}"
    st.html("<h3>Your verdict</h3>")
    if error := st.session_state.pop("judging_failed", None):
        notice(error, "error")
    named = label_of(image)
    if image.judged_at:
        words = visible(named or verdict_words(image))
        quiet(f"{words}: {image.judged_by}, {moment(image.judged_at)}.")
    first = image.answers[0]
    save = partial(_save, store, case, image, tag)

    def say(named: str | None) -> None:
        save(*judgement(named, first.said, first.classes))

    with st.container(horizontal=True, gap="small"):
        judged = named is not None or image.verdict == Verdict.CANNOT_TELL
        ask_class(first.classes, named, tag, say, judged=judged)
        with st.popover("Other"):
            subtype = st.text_input(
                "It is",
                image.subtype if image.verdict == Verdict.OTHER_SUBTYPE else "",
                key=f"subtype-{tag}",
                max_chars=200,
                help=_OTHER_HELP,
            )
            st.button(
                "Save as verdict",
                key=f"judge-other-{tag}",
                disabled=not subtype.strip(),
                on_click=save,
                args=(Verdict.OTHER_SUBTYPE, subtype),
            )
            st.button(
                "Take your verdict back",
                key=f"judge-back-{tag}",
                disabled=image.verdict is None,
                on_click=save,
                args=(None, ""),
            )
    st.text_area(
        "Note", image.note, max_chars=2000, key=f"note-{tag}", height=90, placeholder="none"
    )
    st.button(
        "Save note",
        key=f"note-save-{tag}",
        on_click=partial(save, image.verdict, image.subtype, stay=True),
        help="A verdict saves it too.",
    )
    ask_who("judge_user")


def _save(
    store: "Store",
    case: Case,
    image: CaseImage,
    tag: str,
    verdict: Verdict | None,
    subtype: str,
    *,
    stay: bool = False,
) -> None:
    """Keep a verdict with the note as it stands, and go on to the next image.

    Until a page is drawn to its end, the browser keeps the buttons of the image or of the version
    before, and their keys: what those send is left alone.
    """
    if as_seen(case) != case.version or place_of(case) != image.position - 1:
        return
    from core.cases.change import judge  # noqa: PLC0415 - SQLAlchemy

    note = st.session_state.get(f"note-{tag}", image.note)
    try:
        judge(store, case, image, who("judge_user"), verdict, subtype=subtype, note=note)
    except LobuleError as error:
        st.session_state["judging_failed"] = str(error)
        return
    seen(case.id, case.version + 1)
    if not stay:
        show(case, image.position)  # counted from 1: of the next one, counted from 0
    st.toast("The note is saved." if stay else "The verdict is saved.", icon=":material/check:")


def seen(case_id: str, version: int | None) -> None:
    """Note which version of a case this window shows; None forgets it."""
    known: dict[str, int] = st.session_state.setdefault("seen_versions", {})
    if version is None:
        known.pop(case_id, None)
    else:
        known[case_id] = version


def as_seen(case: Case) -> int:
    """Return the version of a case that this window shows; the present one at first."""
    known: dict[str, int] = st.session_state.setdefault("seen_versions", {})
    return known.setdefault(case.id, case.version)
