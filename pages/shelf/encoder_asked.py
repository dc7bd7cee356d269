"""What the form of a new encoder holds, and what is wrong with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.encoders.card import Commercial, Features, Preparation
from core.errors import EncoderError

if TYPE_CHECKING:
    from core.encoders.add import About

_COLOURS = 3


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
    from pydantic import ValidationError  # noqa: PLC0415 - nobody who only looks needs these

    from core.encoders.add import About  # noqa: PLC0415 - NumPy
    from core.wrong_values import in_words  # noqa: PLC0415

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
    try:
        wanted = Preparation(
            height=asked.size,
            width=asked.size,
            um_per_px=asked.um_per_px,
            mean=_three_numbers("Mean", asked.mean),
            deviation=_three_numbers("Deviation", asked.deviation),
        )
    except ValidationError as error:
        raise EncoderError(f"The input cannot be as stated. {in_words(error, 'input')}.") from error
    return About(
        name=asked.name,
        title=asked.title or asked.name,
        source=asked.source,
        licence=asked.licence,
        commercial=asked.commercial,
        citation=asked.citation,
        input=wanted,
        features=asked.features,
        tensor=asked.tensor or None,
    )


def _three_numbers(what: str, text: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.strip(" ()[]").split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != _COLOURS:
        raise EncoderError(
            f"{what} {text!r} is not three numbers. Write those of red, green and blue, such as "
            "0.485, 0.456, 0.406."
        )
    return numbers
