"""What happens in a run, one JSON object a line, only ever appended to."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, FiniteFloat, TypeAdapter

from core.errors import TrainingError
from core.jobs.events import EventLog, JobEvent, parse_events

# Told many times a second; losing the last of them in a power cut is no loss.
_FLEETING = ("stage", "step")


class Events(EventLog):
    """Appends to the file of one run."""

    def __init__(self, path: Path) -> None:
        kept_work = "Finished epochs are kept."
        super().__init__(path, TrainingError, kept_work, _FLEETING)


_Number = Annotated[int, Field(ge=1, le=1_000_000_000)]
_Figure = FiniteFloat | None


class _Event(JobEvent):
    """An event that tells something of the run."""

    def values(self) -> dict[str, Any]:
        """What it tells, without its time and kind."""
        return self.model_dump(exclude={"at", "event"}, exclude_unset=True)


class Queued(_Event):
    """The run was put in line, for the first time or again."""

    event: Literal["queued"]


class Started(_Event):
    """It got the device."""

    event: Literal["started"]
    device: str | None = None


class Opened(_Event):
    """Its dataset was opened."""

    event: Literal["dataset"]
    fingerprint: str


class Stage(_Event):
    """What is being done, and the share of it that is done."""

    event: Literal["stage"]
    name: str
    done: FiniteFloat


class Step(_Event):
    """A training step."""

    event: Literal["step"]
    epoch: _Number
    epochs: _Number
    step: _Number
    steps: _Number
    loss: _Figure = None
    learning_rate: _Figure = None
    images_per_second: _Figure = None


class Epoch(_Event):
    """A finished epoch: a row of the history."""

    event: Literal["epoch"]
    epoch: _Number
    phase: str | None = None
    loss: _Figure = None
    accuracy: _Figure = None
    auroc: _Figure = None
    val_loss: _Figure = None
    val_accuracy: _Figure = None
    val_auroc: _Figure = None
    learning_rate: _Figure = None
    seconds: _Figure = None
    images_per_second: _Figure = None
    memory_mb: _Figure = None


class Ended(_Event):
    """How the run ended."""

    event: Literal["finished", "cancelled", "failed"]
    message: str | None = None
    package: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")] | None = None


Event = Queued | Started | Opened | Stage | Step | Epoch | Ended
_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])


def parse(lines: bytes) -> list[Event]:
    """Read whole lines; what is no event, such as a torn line, is passed over."""
    return parse_events(lines, _EVENT)
