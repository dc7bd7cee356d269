"""The marks by which classes are told apart; the look of all else is in `look.css`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """How a class is told apart: by its shape, and by a colour of Okabe and Ito (2008)."""

    symbol: str
    colour: str


POSITIVE = Mark("▲", "#d55e00")
NEGATIVE = Mark("●", "#2f83bd")
NEUTRAL = Mark("■", "#7d8790")


def mark_of(name: str, positive: str | None) -> Mark:
    """Return the mark of a class; tasks without a positive class have one mark for all."""
    if positive is None:
        return NEUTRAL
    return POSITIVE if name == positive else NEGATIVE
