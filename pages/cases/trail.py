"""The trail of a case, as a table."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.cases.words import change_words
from pages.shared.plain import quiet, table

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
                    f"{entry.at:%Y-%m-%d %H:%M:%S}",
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
        quiet("The database refuses to change or remove an entry.")
