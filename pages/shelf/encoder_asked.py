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


def about_of(fields: EncoderAsked) -> "About":
    """What is stated about the encoder.

    Raises
    ------
    EncoderError
        If something that every card states is missing, or no input can be so.
    """
    from core.encoders.add import About  # noqa: PLC0415 - NumPy

    needed = {
        "the file": fields.given,
        "a name": fields.name,
        "the source": fields.source,
        "the licence": fields.licence,
        "whether commercial use is allowed": fields.commercial,
        "what to cite": fields.citation,
    }
    if missing := [field for field, value in needed.items() if not value]:
        raise EncoderError(f"Still missing: {', '.join(missing)}.")
    assert fields.commercial  # noqa: S101 - it is among the above
    return About(
        name=fields.name,
        title=fields.title or fields.name,
        source=fields.source,
        licence=fields.licence,
        commercial=fields.commercial,
        citation=fields.citation,
        input=stated_preparation(
            fields.size,
            fields.um_per_px,
            {"mean": ("Mean", fields.mean), "deviation": ("Deviation", fields.deviation)},
        ),
        features=fields.features,
        tensor=fields.tensor or None,
    )
