"""How verdicts are told apart at a glance: classes by their mark, the others by marks of their own.

The words are those of `core.inference.verdict`, which pages do not import before there is an
answer.
"""

from pages.shared.look import Mark, mark_of

UNDECIDED, OUT_OF_SCOPE = "undecided", "out of scope"
_MARKS = {UNDECIDED: Mark("◆", "#8a6d9e"), OUT_OF_SCOPE: Mark("⊘", "#7d8790")}


def has_class(verdict: str) -> bool:
    """Whether the verdict is a class."""
    return verdict not in _MARKS


def mark_of_verdict(verdict: str, positive: str | None) -> Mark:
    """Return the mark of a verdict; see `pages.shared.look.mark_of` for classes."""
    return _MARKS.get(verdict) or mark_of(verdict, positive)
