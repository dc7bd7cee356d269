"""A table of figures that says what its columns mean."""

import re
from collections.abc import Iterable, Mapping
from html import escape

import streamlit as st

from pages.shared.plain import as_html


def figures_table(
    columns: Mapping[str, str], rows: Iterable[tuple[str, ...]], *, caption: str
) -> None:
    """Draw figures; an interval in brackets stands under its figure.

    Parameters
    ----------
    columns
        What each means, by its title; the first names the row.
    rows
        Of cells; a short row ends in empty ones.
    caption
        What the table shows, for who hears it.
    """
    head = "".join(
        f'<th scope="col" title="{escape(meaning)}">{as_html(title)}</th>'
        for title, meaning in columns.items()
    )
    body = "".join(_row(cells, len(columns)) for cells in rows)
    st.html(
        f'<div class="lobule-scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table class="lobule-table lobule-figures"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def column_meanings(meanings: Mapping[str, str]) -> None:
    """Say what the columns mean, folded away: a title's tooltip is for a mouse only."""
    terms = "".join(
        f"<dt><b>{as_html(title)}</b></dt><dd>{as_html(meaning)}</dd>"
        for title, meaning in meanings.items()
    )
    st.html(
        f'<details><summary>What the columns say</summary><dl class="lobule-how">{terms}</dl>'
        "</details>"
    )


def _row(cells: tuple[str, ...], columns: int) -> str:
    filled = [*cells[1:], *[""] * (columns - len(cells))]
    return (
        f'<tr><th scope="row">{_breaking(as_html(cells[0]))}</th>'
        + "".join(f"<td>{_figure(cell)}</td>" for cell in filled)
        + "</tr>"
    )


def _breaking(markup: str) -> str:
    """A long name in a narrow column breaks where it may, not within a number."""
    return re.sub(r"([_=])", r"\1<wbr>", markup)


def _figure(cell: str) -> str:
    figure, bracket, interval = cell.partition(" (")
    if not bracket:
        return as_html(cell)
    return f"{as_html(figure)}<br><small>{as_html(f'({interval}')}</small>"
