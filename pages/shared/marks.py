"""Marks: how classes and other outcomes are told apart at a glance, by shape and by colour.

The words of outcomes are those of `core.inference.outcome`, which pages do not import before there
is an answer.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """How a class is told apart: by its shape, and by a colour of Okabe and Ito (2008)."""

    symbol: str
    colour: str


POSITIVE = Mark("▲", "#d55e00")
NEGATIVE = Mark("●", "#2f83bd")
NEUTRAL = Mark("■", "#7d8790")
UNDECIDED, OUT_OF_SCOPE = "undecided", "out of scope"
_MARKS = {UNDECIDED: Mark("◆", "#8a6d9e"), OUT_OF_SCOPE: Mark("⊘", "#7d8790")}


def mark_of(name: str, positive: str | None) -> Mark:
    """Return the mark of a class; tasks without a positive class have one mark for all."""
    if positive is None:
        return NEUTRAL
    return POSITIVE if name == positive else NEGATIVE


def has_class(outcome: str) -> bool:
    """Whether the outcome is a class."""
    return outcome not in _MARKS


def mark_of_outcome(outcome: str, positive: str | None) -> Mark:
    """Return the mark of an outcome; see `mark_of` for classes."""
    return _MARKS.get(outcome) or mark_of(outcome, positive)
