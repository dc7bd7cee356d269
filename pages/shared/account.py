"""One place a page, below all else, where it tells how what it shows was worked out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import streamlit as st

from pages.shared.plain import as_html

HOW = "How was this computed?"
_TOLD: ContextVar[list[Callable[[], object]]] = ContextVar("told")


@contextmanager
def account() -> Iterator[None]:
    """Gather what is told about the things drawn meanwhile, and offer it once, below them."""
    entries: list[Callable[[], object]] = []
    token = _TOLD.set(entries)
    try:
        yield
    finally:
        _TOLD.reset(token)
    if entries:
        with st.expander(HOW, key="account"):
            for draw in entries:
                draw()


def add(draw: Callable[[], object]) -> None:
    """Have something drawn in the account of the page; within `account` only."""
    _TOLD.get().append(draw)


def tell(title: str, how: str) -> None:
    """Have words stand in the account of the page; they are never markup."""
    add(lambda: paragraph(title, how))


def paragraph(title: str, how: str) -> None:
    """Draw words of the account."""
    st.html(f'<p class="lobule-how"><b>{as_html(title)}</b>: {as_html(how)}</p>')
