"""What the form of a new encoder holds, and what is wrong with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.encoders.card import Commercial, Features
from core.encoders.stated import stated_preparation
from core.errors import EncoderError

if TYPE_CHECKING:
    from core.encoders.add import About


@dataclass(frozen=True, kw_only=True)
class EncoderAsked:
    """The form as it was sent; `given` is the path that was named, or the file's content."""

    given: Path | bytes | None
    name: str
    title: str
    source: str
    licence: str
    commercial: Commercial | None
    citation: str
    size: int
    um_per_px: float | None
    mean: str
    deviation: str
    features: Features | None
    tensor: str


def about_of(asked: EncoderAsked) -> "About":
    """What is stated about the encoder.

    Raises
    ------
    EncoderError
        If something that every card states is missing, or no input can be so.
    """
    from core.encoders.add import About  # noqa: PLC0415 - NumPy

    needed = {
        "the file": asked.given,
        "a name": asked.name,
        "the source": asked.source,
        "the licence": asked.licence,
        "whether commercial use is allowed": asked.commercial,
        "what to cite": asked.citation,
    }
    if missing := [what for what, said in needed.items() if not said]:
        raise EncoderError(f"Still missing: {', '.join(missing)}.")
    assert asked.commercial  # noqa: S101 - it is among the above
    return About(
        name=asked.name,
        title=asked.title or asked.name,
        source=asked.source,
        licence=asked.licence,
        commercial=asked.commercial,
        citation=asked.citation,
        input=stated_preparation(
            asked.size,
            asked.um_per_px,
            {"mean": ("Mean", asked.mean), "deviation": ("Deviation", asked.deviation)},
        ),
        features=asked.features,
        tensor=asked.tensor or None,
    )
