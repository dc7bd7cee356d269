"""What happens in a sweep, one JSON object a line, only ever appended to."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, TypeAdapter

from core.errors import TrainingError
from core.jobs.events import EventLog, JobEvent, parse_events
from core.training.jobs.events import Ended, Opened, Queued, Stage

_Count = Annotated[int, Field(ge=0, le=1_000_000)]


class SweepEvents(EventLog):
    """Appends to the file of one sweep."""

    def __init__(self, path: Path) -> None:
        kept_work = "What was computed is kept."
        super().__init__(path, TrainingError, kept_work, ("stage", "doing"))


class SweepStarted(JobEvent):
    """It has begun; `on` says on which machines it computes."""

    event: Literal["started"]
    on: str


class PiecesPlanned(JobEvent):
    """So many pieces of work there are, and so many of them were done before."""

    event: Literal["planned"]
    tasks: _Count
    known: _Count


class PieceEvent(JobEvent):
    """A piece of work began, was lost with its process or machine, is done, or gave no answer."""

    event: Literal["began", "lost", "done", "refused"]
    key: str
    name: str = ""
    where: str = ""
    seconds: FiniteFloat = 0.0
    message: str | None = None


class PieceDone(JobEvent):
    """How far a piece of work is."""

    event: Literal["doing"]
    key: str
    done: FiniteFloat


SweepEvent = Queued | SweepStarted | Opened | PiecesPlanned | Stage | PieceEvent | PieceDone | Ended
_EVENT: TypeAdapter[SweepEvent] = TypeAdapter(Annotated[SweepEvent, Field(discriminator="event")])


def parse(lines: bytes) -> list[SweepEvent]:
    """Read whole lines; what is no event, such as a torn line, is passed over."""
    return parse_events(lines, _EVENT)
