"""What happens in a job, one JSON object a line, only ever appended to."""

import errno
import json
import math
import os
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from core.errors import LobuleError

_SPARE_BYTES = 16_384
Story = TypeVar("Story")
Event = TypeVar("Event")
# Up to the year 9999, so that every moment can be written in every time zone.
_Moment = Annotated[float, Field(ge=0, le=253_370_000_000, allow_inf_nan=False)]


class JobEvent(BaseModel):
    """What every event holds; what is none, or holds more, is no reason to stop reading."""

    model_config = ConfigDict(frozen=True, strict=True)

    at: _Moment


def parse_events(lines: bytes, kind: TypeAdapter[Event]) -> list[Event]:
    """Read whole lines; what is no event, such as a torn line, is passed over."""
    events: list[Event] = []
    for line in lines.split(b"\n"):
        with suppress(ValidationError):
            events.append(kind.validate_json(line))
    return events


class EventLog:
    """Appends to the file of one job; a line that a killed process left torn is closed first.

    Beside the file lies a spare one: on a full disk it is given up, so that the job's end, which
    everyone reads, can still be written.

    Parameters
    ----------
    path
        Of the file.
    error
        What is raised where it cannot be written.
    kept
        A sentence: what is kept all the same.
    fleeting
        Events told many times a second; losing the last of them in a power cut is no loss.
    """

    def __init__(
        self, path: Path, error: type[LobuleError], kept_work: str, fleeting: Collection[str]
    ) -> None:
        self._path = path
        self._error = error
        self._kept = kept_work
        self._fleeting = fleeting
        self._spare = path.with_name("spare")
        self._torn = _ends_torn(path)

    def reserve(self) -> None:
        """Set space aside for the job's end."""
        if not self._spare.exists():
            self._spare.write_bytes(os.urandom(_SPARE_BYTES))

    def write(self, event: str, **values: Any) -> None:
        """Append an event, with the time.

        Raises
        ------
        LobuleError
            Of the kind asked for, if it cannot be written.
        """
        try:
            self._append(event, values)
        except OSError as error:
            raise self._error(
                f"Progress cannot be written to {self._path.parent}: {error.strerror}. "
                f"{self._kept} Free some space or allow writing there, and resume."
            ) from error

    def write_end(self, event: str, **values: Any) -> None:
        """Append how the job ended, also where the disk is full; never raises."""
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
            if event not in self._fleeting:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


@dataclass
class _Place(Generic[Story]):
    """How far a file was read, and what that amounts to."""

    story: Story
    offset: int = 0
    inode: int = -1


class Stories(Generic[Story]):
    """What the events of each file amount to; only what has been appended since is read.

    Parameters
    ----------
    begin
        Makes the story of a file without events.
    hear
        Takes whole lines into a story.
    """

    def __init__(self, begin: Callable[[], Story], hear: Callable[[Story, bytes], None]) -> None:
        self._begin = begin
        self._hear = hear
        self._places: dict[Path, _Place[Story]] = {}
        self._reading = threading.Lock()

    def read(self, path: Path) -> Story:
        """Return a copy of the story that a file tells.

        Raises
        ------
        OSError
            If the file is there and cannot be read.
        """
        with self._reading:
            place = self._places.get(path) or _Place(self._begin())
            try:
                with path.open("rb") as file:
                    status = os.fstat(file.fileno())
                    if status.st_ino != place.inode or status.st_size < place.offset:
                        place = _Place(self._begin(), inode=status.st_ino)
                    file.seek(place.offset)
                    new = file.read()
            except FileNotFoundError:
                return self._begin()
            whole = new[: new.rfind(b"\n") + 1]
            self._hear(place.story, whole)
            place.offset += len(whole)
            self._places[path] = place
            return copy(place.story)


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
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
