"""Text that people wrote, as the database takes it and as the search compares it."""

import json
import unicodedata
from datetime import datetime
from typing import Any

from core.errors import CaseError

MOST_LETTERS = 4000


def storable(text: str, name: str) -> str:
    """Return text that both databases hold, otherwise as it was written.

    NUL and halves of surrogate pairs, which neither a database nor a file can hold, become the
    replacement character.

    Raises
    ------
    CaseError
        If it is longer than `MOST_LETTERS`.
    """
    if len(text) > MOST_LETTERS:
        raise CaseError(
            f"The {name} has {len(text):,} letters; at most {MOST_LETTERS:,} are allowed. "
            "Shorten it."
        )
    return (
        text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )


def folded(*texts: str) -> str:
    """Return text for the search: letters that differ in case or form only become the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", "\n".join(texts)).casefold())


def moment(at: datetime) -> str:
    """Write a moment in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def as_json(content: Any) -> str:
    """Return JSON in ASCII, which every database holds; numbers come back as they were.

    Raises
    ------
    CaseError
        If it holds NaN or an infinity, which JSON has no words for.
    """
    try:
        return json.dumps(content, ensure_ascii=True, allow_nan=False)
    except ValueError as error:
        raise CaseError(f"The answer cannot be saved: {error}. Ask the model again.") from error
