"""An encoder in words, as the command line prints it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.encoders.card import EncoderCard, Preparation

LIMITS = {"allowed": "", "not allowed": ", not for commercial use", "unknown": ""}


def encoder_line(card: "EncoderCard") -> str:
    """What an encoder is, in a line."""
    size = card.input
    return (
        f"{card.title}: {card.dimension:,} features of {size.width}×{size.height} px, "
        f"{scale_of(size)} ({card.licence}{LIMITS[card.commercial]})"
    )


def scale_of(size: "Preparation") -> str:
    """The scale that it was trained at."""
    return "scale not stated" if size.um_per_px is None else f"trained at {size.um_per_px:g} µm/px"
