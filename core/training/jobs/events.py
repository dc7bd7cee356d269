"""What happens in a run, one JSON object a line, only ever appended to."""

import errno
import json
import math
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError

from core.errors import TrainingError

# Told many times a second; losing the last of them in a power cut is no loss.
_FLEETING = ("stage", "step")
_SPARE_BYTES = 16_384


class Events:
    """Appends to the file of one run; a line that a killed process left torn is closed first.

    Beside the file lies a spare one: on a full disk it is given up, so that the run's end, which
    everyone reads, can still be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._spare = path.with_name("spare")
        self._torn = _ends_torn(path)

    def reserve(self) -> None:
        """Set space aside for the run's end."""
        if not self._spare.exists():
            self._spare.write_bytes(os.urandom(_SPARE_BYTES))

    def write(self, event: str, **values: Any) -> None:
        """Append an event, with the time.

        Raises
        ------
        TrainingError
            If it cannot be written.
        """
        try:
            self._append(event, values)
        except OSError as error:
            raise TrainingError(
                f"What the run does cannot be written to {self._path.parent}: {error.strerror}. "
                "What was learnt up to the last finished epoch is kept. Make room or allow "
                "writing there, and resume."
            ) from error

    def write_end(self, event: str, **values: Any) -> None:
        """Append how the run ended, also where the disk is full; never raises."""
        for _ in range(2):
            try:
                self._append(event, values)
            except OSError:
                self._spare.unlink(missing_ok=True)
            else:
                return

    def _append(self, event: str, values: dict[str, Any]) -> None:
        content = {"at": round(time.time(), 3), "event": event, **values}
        line = json.dumps(_plain(content), allow_nan=False).encode() + b"\n"
        if self._torn:
            line = b"\n" + line
        descriptor = os.open(
            self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644
        )
        try:
            self._torn = True
            if os.write(descriptor, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._torn = False
            if event not in _FLEETING:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


# Up to the year 9999, so that every moment can be written in every time zone.
_Moment = Annotated[float, Field(ge=0, le=253_370_000_000, allow_inf_nan=False)]
_Number = Annotated[int, Field(ge=1, le=1_000_000_000)]
_Figure = FiniteFloat | None


class _Event(BaseModel):
    """What every event holds; what is none, or holds more, is no reason to stop reading."""

    model_config = ConfigDict(frozen=True, strict=True)

    at: _Moment

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
    events: list[Event] = []
    for line in lines.split(b"\n"):
        with suppress(ValidationError):
            events.append(_EVENT.validate_json(line))
    return events


def _ends_torn(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return False
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except FileNotFoundError:
        return False


def _plain(value: Any) -> Any:
    """Numbers of NumPy become plain ones, and those that JSON cannot write become null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
