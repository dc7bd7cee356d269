"""How an encoder wants its images, as somebody states it on a page or the command line."""

from pydantic import ValidationError

from core.encoders.card import Preparation
from core.errors import EncoderError
from core.wrong_values import in_words

_COLOURS = 3
_MOST = 2  # far more than 0 to 1


def stated_preparation(
    size: int, um_per_px: float | None, colours: dict[str, tuple[str, str | None]]
) -> Preparation:
    """Read a preparation from text; what is None is ImageNet's.

    Parameters
    ----------
    size : int
        Side, px.
    um_per_px : float or None
    colours : dict
        Of "mean" and "deviation": what it is called there, and the text, such as
        "0.485, 0.456, 0.406".

    Raises
    ------
    EncoderError
        If a text is not three numbers, or no input can be so.
    """
    numbers = {
        field: _three_numbers(called, text)
        for field, (called, text) in colours.items()
        if text is not None
    }
    try:
        return Preparation.model_validate(
            {"height": size, "width": size, "um_per_px": um_per_px, **numbers}
        )
    except ValidationError as error:
        raise EncoderError(f"The input cannot be as stated. {in_words(error, 'input')}.") from error


def _three_numbers(called: str, text: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.strip(" ()[]").split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != _COLOURS:
        raise EncoderError(
            f"{called} {text!r} is not three numbers. Write those of red, green and blue, such as "
            "0.485,0.456,0.406."
        )
    if max(numbers) > _MOST:
        raise EncoderError(
            f"{called} {text!r} looks like 0 to 255. State it in 0 to 1: divide by 255."
        )
    return numbers
