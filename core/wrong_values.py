"""What is wrong with values that were checked against a schema, few of them and without themselves.

pydantic lays a copy of what it was given beside each fault, so that a file of 1 MB took gigabytes.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError

_MOST = 10
_MOST_LETTERS = 100  # of one place; names of keys are somebody else's, too


def faults_of(error: "ValidationError") -> list[dict[str, Any]]:
    """The first faults, as pydantic's `errors` gives them, without what was given."""
    return [dict(item) for item in error.errors(include_url=False, include_input=False)[:_MOST]]


def in_words(error: "ValidationError", whole: str) -> str:
    """The first faults in words: "input.height: Field required; …".

    Parameters
    ----------
    error
    whole
        What the place of a fault is called that is about everything.
    """
    faults = [f"{place_of(item['loc']) or whole}: {item['msg']}" for item in faults_of(error)]
    more = error.error_count() - len(faults)
    return "; ".join(faults) + (f"; and {more:,} more" if more else "")


def place_of(parts: Sequence[object]) -> str:
    """Where in a file a fault is: "training.patients.test.0"."""
    return ".".join(str(part)[:_MOST_LETTERS] for part in parts)
