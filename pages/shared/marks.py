"""How outcomes are told apart at a glance: classes by their mark, the others by marks of their own.

The words are those of `core.inference.outcome`, which pages do not import before there is an
answer.
"""

from pages.shared.look import Mark, mark_of

UNDECIDED, OUT_OF_SCOPE = "undecided", "out of scope"
_MARKS = {UNDECIDED: Mark("◆", "#8a6d9e"), OUT_OF_SCOPE: Mark("⊘", "#7d8790")}


def has_class(outcome: str) -> bool:
    """Whether the outcome is a class."""
    return outcome not in _MARKS


def mark_of_outcome(outcome: str, positive: str | None) -> Mark:
    """Return the mark of an outcome; see `pages.shared.look.mark_of` for classes."""
    return _MARKS.get(outcome) or mark_of(outcome, positive)
