"""What an audit says: findings, in words for people and fields for programs."""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
_EXAMPLES = 5


class Finding(BaseModel):
    """One thing that whoever trains on the dataset should know.

    Attributes
    ----------
    code : str
        What was found, for programs: "unreadable", "duplicate-across-classes"…
    severity : "error", "warning" or "note"
        Error: figures of models trained on it as it is would be wrong, or training fails.
        Warning: they may be. Note: good to know.
    count : int
        How many images (or patients, or classes, as the message says) it concerns.
    message, advice : str
        What was found, and what to do about it.
    examples : tuple of str
        The first few, for people.
    patients : tuple of str
        Patients, as in the records, of whom it is to be decided whether they are one person each.
    files : tuple of str
        Paths of all images concerned, as in the records, where single images may be dropped; empty
        where the finding is of the dataset as a whole.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    severity: Severity
    count: int
    message: str
    advice: str
    examples: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()


def first_few(words: Iterable[object]) -> tuple[str, ...]:
    """The examples of a finding."""
    return tuple(str(word) for word, _ in zip(words, range(_EXAMPLES), strict=False))


def number(count: int, singular: str, several: str | None = None) -> str:
    """'1 image', '2,100 images'."""
    return f"{count:,} {singular if count == 1 else several or singular + 's'}"
