"""An encoder in words, as the command line and the page give them."""

from core.counts import counted
from core.encoders.card import EncoderCard, Preparation

LIMITS = {"allowed": "", "not allowed": ", not for commercial use", "unknown": ""}
MARKED = {"allowed": "allowed", "not allowed": "▲ not allowed", "unknown": "▲ not known"}
"""Commercial use, as pages tell of it."""


def encoder_line(card: EncoderCard) -> str:
    """What an encoder is, in a line."""
    size = card.input
    return (
        f"{card.title}: {card.dimension:,} features of {size.width}×{size.height} px, "
        f"{scale_of(size)} ({card.licence}{LIMITS[card.commercial]})"
    )


def scale_of(size: Preparation) -> str:
    """The scale that it was trained at."""
    return "scale not stated" if size.um_per_px is None else f"trained at {size.um_per_px:g} µm/px"


def converted(card: EncoderCard) -> str:
    """What converted its published weights, and what that changed; empty where nothing did."""
    if card.conversion is None:
        return ""
    return (
        f"by {card.conversion.by}; features differ by {card.conversion.difference:.1g} of the "
        "largest at most"
    )


def learnt_from(card: EncoderCard) -> str:
    """What one of one's own was pretrained on, and what it gave; empty for others."""
    pretrained = card.pretrained
    if pretrained is None:
        return ""
    whose = (
        "patients unknown"
        if pretrained.patients is None
        else counted(len(pretrained.patients), "patient")
    )
    words = f"{counted(pretrained.images, 'image')} of {pretrained.dataset} without labels, {whose}"
    if pretrained.auroc is not None and pretrained.auroc_of_start is not None:
        words += (
            f"; epoch {pretrained.epoch} of {pretrained.epochs}, where the AUROC of a probe on "
            f"training patients had gone from {pretrained.auroc_of_start:.3f} "
            f"to {pretrained.auroc:.3f}"
        )
    return words
