"""Several images: a list to choose from."""

import streamlit as st

from pages.parts.answers import Question, summary
from pages.parts.plain import visible
from pages.parts.verdict_marks import has_class, mark_of_verdict

ANSWER_PIXELS = 112  # as wide as "⊘ out of scope"


def choose_image(questions: list[Question]) -> Question:
    """Draw the list and return the chosen one; one image alone needs no list."""
    if len(questions) == 1:
        return questions[0]
    ids = "-".join(question.upload.id for question in questions)
    rows = [_row(question) for question in questions]
    event = st.dataframe(
        {"Answer": [row[1] for row in rows], "Image": [row[0] for row in rows]},
        hide_index=True,
        key=f"images-{hash(ids)}",
        on_select="rerun",
        selection_mode="single-row-required",
        column_config={"Answer": st.column_config.TextColumn(width=ANSWER_PIXELS)},
        placeholder="",
        alt="The images and their answers",
    )
    chosen = event["selection"]["rows"]
    return questions[chosen[0] if chosen and chosen[0] < len(questions) else 0]


def _row(question: Question) -> tuple[str, str]:
    name = visible(question.upload.name)
    found = summary(question)
    if found is None:
        return name, "…"
    if found.predicted is None:
        return name, "✕ none"
    mark = mark_of_verdict(found.verdict, found.positive)
    shown = f"{100 * found.probability:.0f} %" if has_class(found.verdict) else found.verdict
    return name, f"{mark.symbol} {shown}"
