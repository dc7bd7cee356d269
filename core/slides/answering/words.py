"""How far the answer of a slide is, in words."""

from core.slides.answering.state import AnswerState
from core.slides.in_words import digits


def progress_words(state: AnswerState) -> str:
    """Return how many tiles and how much tissue are answered."""
    if state.tiles is None or state.mm2 is None:
        return "Looking for tissue."
    words = f"{state.tiles_done:,} of {state.tiles:,} tiles"
    words += f" · {digits(state.mm2_done)} of {digits(state.mm2)} mm² of tissue"
    return f"{words} · {state.unreadable:,} cannot be read" if state.unreadable else words
