"""Words that others wrote (file names, card texts, errors), shown exactly as they are written."""

import re
from collections.abc import Sequence
from html import escape

import streamlit as st

from core.documents.letters import visible


def as_html(text: object) -> str:
    """Return text as HTML that shows it literally and keeps its writing direction to itself."""
    return f"<bdi>{escape(visible(str(text)))}</bdi>"


def as_label(text: str) -> str:
    """Return text as Markdown that shows it literally, for the label of a button."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", visible(text))


def no_markup(text: str) -> str:
    """Text as a Plotly figure shows it literally: it reads a little HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def notice(text: str, kind: str = "warning") -> None:
    """Show a sentence in a quiet box: `warning`, `error` or `note`; its words are never markup."""
    role = "alert" if kind == "error" else "note"
    symbol = {"warning": "⚠", "error": "✕", "note": "ℹ"}[kind]
    st.html(
        f'<div class="lobule-notice lobule-{kind}" role="{role}">'
        f'<span aria-hidden="true">{symbol}</span><span>{as_html(text)}</span></div>'
    )


def quiet(text: str) -> None:
    """Show a sentence small; its words are never markup."""
    st.html(f'<p class="lobule-quiet">{as_html(text)}</p>')


def table(header: tuple[str, ...], rows: Sequence[tuple[object, ...]], *, caption: str) -> None:
    """Show rows of text; the first column names the row."""
    head = "".join(f'<th scope="col">{as_html(cell)}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{as_html(row[0])}</th>'
        + "".join(f"<td>{as_html(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    st.html(
        f'<div class="lobule-scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table class="lobule-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
