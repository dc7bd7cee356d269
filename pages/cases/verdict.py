"""The pathologist's verdict on an image."""

from typing import TYPE_CHECKING

import streamlit as st

from core.cases.records import Case, CaseImage, Verdict
from core.cases.words import moment
from core.errors import LobuleError
from pages.shared.plain import notice, quiet
from pages.shared.who import ask_who, who

if TYPE_CHECKING:
    from core.cases.store import Store

_NAMES = {
    Verdict.AGREE: "Agree",
    Verdict.DISAGREE: "Disagree",
    Verdict.OTHER_SUBTYPE: "Other subtype",
    Verdict.CANNOT_TELL: "Cannot tell",
}
_HELP = "On the first model's answer. One that names a class can become a label."


def ask_verdict(store: "Store", case: Case, image: CaseImage) -> None:
    """Draw the verdict of an image as it is, to be changed; `case` is as this window knows it."""
    # What is typed belongs to one state of the case; a newer one has widgets of its own.
    tag = f"{image.id}-{case.version}"
    st.html("<h3>Your verdict</h3>")
    if image.judged_at:
        quiet(f"Last changed by {image.judged_by} on {moment(image.judged_at)}.")
    verdict = st.pills(
        "Verdict",
        list(Verdict),
        default=image.verdict,
        format_func=_NAMES.__getitem__,
        key=f"verdict-{tag}",
        help=_HELP,
        wrap=True,
    )
    subtype = ""
    if verdict == Verdict.OTHER_SUBTYPE:
        known = list(image.answers[0].classes)
        options = [*known, *([image.subtype] if image.subtype not in {*known, ""} else [])]
        subtype = (
            st.selectbox(
                "It is",
                options,
                index=options.index(image.subtype) if image.subtype else None,
                key=f"subtype-{tag}",
                accept_new_options=True,
                placeholder="choose or type a subtype",
            )
            or ""
        )
    note = st.text_area(
        "Note", image.note, max_chars=2000, key=f"note-{tag}", height=90, placeholder="none"
    )
    ask_who("judge_user")
    if st.button("Save verdict", type="primary", key=f"judge-{tag}", width="stretch"):
        _save(store, case, image, verdict, subtype, note)


def _save(
    store: "Store",
    case: Case,
    image: CaseImage,
    verdict: Verdict | None,
    subtype: str,
    note: str,
) -> None:
    from core.cases.change import judge  # noqa: PLC0415 - SQLAlchemy

    try:
        judge(store, case, image, who(), verdict, subtype=subtype, note=note)
    except LobuleError as error:
        notice(str(error), "error")
    else:
        seen(case.id, case.version + 1)
        st.toast("The verdict is saved.", icon=":material/check:")
        st.rerun()


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
