"""What the events of a sweep amount to."""

from dataclasses import dataclass, field
from typing import Literal

from core.jobs.state import StateName
from core.training.jobs.events import Ended, Opened, Queued, Stage
from core.training.sweep.jobs.events import (
    PieceDone,
    PieceEvent,
    PiecesPlanned,
    SweepEvent,
    SweepStarted,
    parse,
)

COMPUTING = "Training and answering"
"""The stage in which there are pieces of work."""


@dataclass
class PieceState:
    """How a piece of work stands.

    Attributes
    ----------
    name : str
        For people.
    state : "running", "lost", "done" or "refused"
        Lost with its process or machine, it is begun again.
    where : str
        The machine and what of it is used.
    done : float
        In [0, 1].
    began : float
        Seconds since 1970.
    seconds : float
        That it took, once it is done.
    times : int
        How often it was begun.
    message : str or None
        Why it gave no answer.
    """

    name: str
    state: Literal["running", "lost", "done", "refused"]
    where: str
    began: float
    done: float = 0.0
    seconds: float = 0.0
    times: int = 1
    message: str | None = None


@dataclass
class SweepStory:
    """What the events of a sweep amount to."""

    asked: float = 0.0
    last: float = -1.0  # none before 1970
    working: bool = False
    ended: StateName | None = None
    on: str = ""
    fingerprint: str | None = None
    stage: str = ""
    done: float = 0.0
    tasks: int = 0
    known: int = 0
    each: dict[str, PieceState] = field(default_factory=dict)
    planned: float = 0.0
    message: str | None = None

    def hear(self, event: SweepEvent) -> None:
        """Take in an event."""
        self.last = event.at
        self.asked = self.asked or event.at
        match event:
            case Queued():
                self.working, self.ended, self.message = False, None, None
                self.stage, self.done, self.tasks, self.known = "", 0.0, 0, 0
                self.each = {}
            case SweepStarted():
                self.working, self.on = True, event.on
            case Opened():
                self.fingerprint = event.fingerprint
            case PiecesPlanned():
                self.tasks, self.known, self.planned = event.tasks, event.known, event.at
                self.stage = COMPUTING
            case Stage():
                self.stage, self.done = event.name, min(max(event.done, 0.0), 1.0)
            case PieceEvent():
                self._hear_of(event)
            case PieceDone():
                if task := self.each.get(event.key):
                    task.done = min(max(event.done, 0.0), 1.0)
            case Ended():
                self.ended, self.message = event.event, event.message

    def _hear_of(self, event: PieceEvent) -> None:
        task = self.each.get(event.key)
        if event.event == "began" or task is None:
            times = task.times + 1 if task else 1
            task = PieceState(event.name, "running", event.where, event.at, times=times)
            self.each[event.key] = task
        if event.event == "lost":
            task.state, task.done = "lost", 0.0
        elif event.event != "began":
            task.state, task.done = event.event, 1.0
            task.seconds, task.message = event.seconds, event.message

    @property
    def tasks_done(self) -> int:
        """Pieces that need no more computing."""
        return self.known + sum(task.state in {"done", "refused"} for task in self.each.values())

    def seconds_left(self, now: float) -> float | None:
        """Seconds until all pieces are done, if it goes on as it has gone."""
        done = sum(task.done for task in self.each.values())
        left = self.tasks - self.known - done
        if self.stage != COMPUTING or done <= 0:
            return None
        seconds = (self.last - self.planned) * left / done - (now - self.last)
        return seconds if seconds >= 1 else None  # a piece takes longer than others did


def hear_lines(story: SweepStory, lines: bytes) -> None:
    """Take whole lines into a story."""
    for event in parse(lines):
        story.hear(event)
