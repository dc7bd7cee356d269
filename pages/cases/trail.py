"""The trail of a case: who changed what, when, and whether it holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from pages.cases.words import change_words
from pages.shared.plain import notice, quiet, table

if TYPE_CHECKING:
    from core.cases.store import Store


def show_trail(store: "Store", case_id: str, *, open_at_once: bool = False) -> None:
    """Draw who changed what, when; nobody can change the trail itself."""
    from core.cases.trail import read_trail  # noqa: PLC0415 - SQLAlchemy

    entries = read_trail(store, case_id)
    number = "1 entry" if len(entries) == 1 else f"{len(entries):,} entries"
    with st.expander(f"Trail, {number}", expanded=open_at_once):
        table(
            ("When, UTC", "Who", "What", "Image", "Model", "Change"),
            [
                (
                    f"{entry.at:%Y-%m-%d %H:%M:%S}" if entry.at else "unreadable",
                    f"{entry.who} (signed in)" if entry.signed_in else entry.who,
                    entry.action,
                    entry.image or "",
                    f"{entry.model} {(entry.model_sha256 or '')[:8]}" if entry.model else "",
                    change_words(entry),
                )
                for entry in entries
            ],
            caption="Trail of the case",
        )
        quiet(
            "Each entry holds the hash of the one before it: a change or a gap shows, and is said "
            "above."
        )


def why_broken(store: "Store", case_id: str | None = None) -> str:
    """Say where the trail does not hold; empty where it does.

    It is looked at again after each change of the database.
    """
    return _looked_at(str(store.images), case_id, store.stamp(), store)


@st.cache_data(max_entries=50, ttl=60, show_spinner=False)
def _looked_at(images: str, case_id: str | None, stamp: str, _store: "Store") -> str:  # noqa: ARG001 - what it is kept under
    from core.cases.check import check_trail  # noqa: PLC0415 - SQLAlchemy

    check = check_trail(_store, None if case_id is None else {case_id})
    return check.words if check.breaks else ""


@contextmanager
def told_where_broken(broken: str) -> Iterator[None]:
    """Say in words why a part of a case is not drawn, and go on with the next.

    What stands in rows that somebody overwrote may fail anywhere; where the trail holds (`broken`
    is empty), a failure is Lobule's own.
    """
    try:
        yield
    except LobuleError as error:
        notice(str(error), "error")
    except Exception:
        if not broken:
            raise
        notice("This part of the case cannot be drawn: somebody changed what it holds.", "error")
