"""The text of a card, read as JSON within bounds: it may be somebody else's."""

import json
from pathlib import Path
from typing import Any

from core.errors import PackageError

MOST_BYTES = 4_000_000
"""Of a card's file; that of 3000 patients takes 1 MB."""
_MOST_LISTED = 20_000
# pydantic lays a copy of the whole beside each field that is missing.
_MOST_VALUES = 100_000


def read_text(path: Path) -> tuple[str, Any]:
    """Read the file of a card.

    Returns
    -------
    str, and what JSON makes of it

    Raises
    ------
    PackageError
        If it is missing, too long or no JSON.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise PackageError(
                f"{path} has {size / 1e6:,.1f} MB; a card has at most {MOST_BYTES / 1e6:,.0f} MB. "
                "Restore the package."
            )
        text = path.read_text(encoding="utf-8")
        content = json.loads(text)
    except FileNotFoundError as error:
        raise PackageError(
            f"{path.parent} is not a model package: it has no {path.name}. "
            "Restore it or remove the folder."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise PackageError(f"{path} cannot be read ({error}). Restore the package.") from error
    if too_much := _too_much(content):
        raise PackageError(f"{path} breaks the card's schema: {too_much}. Restore the package.")
    return text, content


def _too_much(content: Any) -> str | None:
    """Say which list has too many entries, or that all of them together are too many."""
    pending: list[tuple[str, Any]] = [("card", content)]
    values = 0
    while pending:
        name, part = pending.pop()
        if not isinstance(part, list | dict):
            continue
        values += len(part)
        if len(part) > _MOST_LISTED:
            return f"{name[:100]} holds {len(part):,} entries, at most {_MOST_LISTED:,}"
        if values > _MOST_VALUES:
            return f"it holds more than {_MOST_VALUES:,} values"
        named = part.items() if isinstance(part, dict) else ((name, each) for each in part)
        pending.extend(named)
    return None
