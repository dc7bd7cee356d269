"""What happens while a slide is answered, one JSON object a line, only ever appended to."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, TypeAdapter

from core.errors import SlideError
from core.jobs.events import EventLog, JobEvent, parse_events

_Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


class AnswerEvents(EventLog):
    """Appends to the file of one answer."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, SlideError, "The tiles answered so far are kept.", ("tiles",))


class InLine(JobEvent):
    """The slide was put in line, for the first time or again."""

    event: Literal["queued"]


class Began(JobEvent):
    """It is its turn."""

    event: Literal["started"]


class Doing(JobEvent):
    """What is being done before there are tiles, in words, and the share that is done."""

    event: Literal["stage"]
    name: str
    done: FiniteFloat = 0.0


class Planned(JobEvent):
    """The model is chosen and the tiles with tissue are known."""

    event: Literal["planned"]
    model: str
    tiles: _Count
    mm2: FiniteFloat


class Tiles(JobEvent):
    """How many tiles are answered, those that cannot be read among them."""

    event: Literal["tiles"]
    done: _Count
    unreadable: _Count
    mm2: FiniteFloat


class Over(JobEvent):
    """How it ended."""

    event: Literal["finished", "cancelled", "failed"]
    message: str | None = None


AnswerEvent = InLine | Began | Doing | Planned | Tiles | Over
_EVENT: TypeAdapter[AnswerEvent] = TypeAdapter(Annotated[AnswerEvent, Field(discriminator="event")])


def parse(lines: bytes) -> list[AnswerEvent]:
    """Read whole lines; what is no event, such as a torn line, is passed over."""
    return parse_events(lines, _EVENT)
