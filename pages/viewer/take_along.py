"""The files that the answer of a slide can be taken away as."""

from functools import partial

import streamlit as st

_HELP = "For QuPath, for an image archive, for a spreadsheet, for paper."


def offer_files(answer: str, pane: int) -> None:
    """Draw a button for each kind of file, which is made when it is clicked."""
    from core.slides.export import FORMATS  # noqa: PLC0415 - not needed to draw a page

    with st.popover("Take it along", help=_HELP):
        for kind, known in FORMATS.items():
            st.download_button(
                known.title,
                partial(_content, answer, kind),
                f"{answer}.{known.suffix}",
                known.mime,
                key=f"slides_file_{pane}_{kind}",
                width="stretch",
                on_click="ignore",
            )


def _content(answer: str, kind: str) -> bytes:
    from core.slides.export import export  # noqa: PLC0415 - not needed to draw a page

    return export(answer, kind)[1]
