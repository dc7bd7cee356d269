"""The images of a case: a table with small pictures, which one is on show, keys to the others."""

from pathlib import Path

import streamlit as st

from core.cases.records import Case, CaseImage
from pages.cases.words import VERDICT_MARKS, shortest
from pages.shared.marked_table import Selection, row_of, show_marked_table
from pages.shared.plain import visible

_ROW, _HEAD, _MOST_ROWS = 44, 36, 12
_YOU = "The pathologist's verdict: " + ", ".join(
    f"{symbol} {verdict.value}" for verdict, symbol in VERDICT_MARKS.items()
)


def choose_image(images: Path, case: Case) -> CaseImage:
    """Draw the images of a case as a table, with the keys to go on; returns the one on show."""
    if len(case.images) == 1:
        return case.images[0]
    place = place_of(case)
    with st.container(horizontal=True, gap="small"):
        for title, key, steps in (("Previous", "K", -1), ("Next", "J", 1)):
            to = place + steps
            st.button(
                title,
                key=f"case_{title}",
                shortcut=key,
                disabled=not 0 <= to < len(case.images),
                on_click=show,
                args=(case, to),
            )

    def clicked(selection: Selection) -> None:
        row = row_of(selection)
        if row is not None:
            show(case, row)

    show_marked_table(
        {
            " ": [small_picture(str(images), image.sha256) for image in case.images],
            "You": [
                VERDICT_MARKS[image.verdict] if image.verdict else "–" for image in case.images
            ],
            "Answer": [visible(shortest(image.answers[0])) for image in case.images],
            "Image": [visible(image.name) for image in case.images],
        },
        f"case_images-{case.id}",
        {"rows": [place], "columns": [], "cells": []},
        clicked,
        row_height=_ROW,
        height=_HEAD + _ROW * min(len(case.images), _MOST_ROWS),
        column_config={
            " ": st.column_config.ImageColumn(width=44),
            "You": st.column_config.TextColumn(width=45, help=_YOU),
        },
        alt="The images of the case with answers and verdicts",
    )
    return case.images[place]


def show(case: Case, place: int) -> None:
    """Show an image of a case, counted from 0; the last one where there are fewer."""
    st.session_state[f"case_image-{case.id}"] = min(max(place, 0), len(case.images) - 1)


def place_of(case: Case) -> int:
    """Which image of a case is on show, counted from 0."""
    place = st.session_state.get(f"case_image-{case.id}", 0)
    return int(min(max(place, 0), len(case.images) - 1))


# The store's folder tells stores apart; a file of one hash does not change.
@st.cache_data(max_entries=5000, show_spinner=False)
def small_picture(images: str, sha256: str) -> str:
    """Return a kept image's small picture as a `data:` address; "" where its file is gone."""
    from core.cases.thumbnails import thumbnail  # noqa: PLC0415 - Pillow

    return thumbnail(Path(images), sha256)
