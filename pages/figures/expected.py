"""What to expect of the next patient, beside the figures that are means."""

from typing import TYPE_CHECKING

import streamlit as st

from core.evaluation.few_patients import marked
from pages.shared.plain import as_html

if TYPE_CHECKING:
    from core.evaluation.judge import Evaluation
    from core.evaluation.next_patient import NextPatient

_HELP = (
    "In 8 of 10 patients, the share of correctly called images lies in this range (patients "
    "with {least} or more held-out images of the class). Unlike the mean's interval, it does "
    "not shrink with more patients. With two classes it is the patient's sensitivity or "
    "specificity."
)


def show_next_patient(evaluation: "Evaluation", mark: str) -> None:
    """Show for each class in which range the next patient lies, and how many do badly."""
    from core.evaluation.next_patient import LEAST_IMAGES  # noqa: PLC0415 - NumPy

    known = [expected for expected in evaluation.next_patient if expected.patients]
    if not known:
        return
    st.text(
        "The next patient: share of images called correctly", help=_HELP.format(least=LEAST_IMAGES)
    )
    cells = "".join(
        f"<div><dt>{mark}{as_html(expected.name)}</dt><dd>"
        f"{as_html(_range(expected))}<small>{as_html(_rest(expected))}</small></dd></div>"
        for expected in known
    )
    st.html(f'<dl class="lobule-numbers">{cells}</dl>')


def _range(expected: "NextPatient") -> str:
    if expected.range is None:
        return "no range: needs nine patients"
    low, high = expected.range
    return marked(f"{low:.2f} to {high:.2f}", expected.patients)


def _rest(expected: "NextPatient") -> str:
    from core.evaluation.next_patient import FLOOR  # noqa: PLC0415 - NumPy

    people = f"{expected.patients} patient{'' if expected.patients == 1 else 's'}"
    range_of = "" if expected.range is None else "8 in 10 of "
    return (
        f"{range_of}{people}; lowest {expected.lowest:.2f}, {expected.below:.0%} below {FLOOR:.1f}"
    )
