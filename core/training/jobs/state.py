"""How a run stands, as its events and its lock tell."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import TrainingError
from core.jobs.events import Stories
from core.jobs.lock import is_held
from core.jobs.state import StateName, moment, name_of_state
from core.training.jobs.events import (
    Ended,
    Epoch,
    Event,
    Opened,
    Queued,
    Stage,
    Started,
    Step,
    parse,
)
from core.training.jobs.folder import RunFolder
from core.training.request.request import Request

Row = dict[str, Any]
_LEAST_SHARE = 1e-6  # before that much is done, nobody can say how long the rest takes
TRAINING = "Training"
"""The stage in which there are steps and epochs."""


@dataclass(frozen=True)
class RunState:
    """How a run stands.

    Attributes
    ----------
    id : str
    request : Request
    state : str
        "waiting" for the device; "running"; "finished"; "cancelled", with a package if at least one
        epoch was done; "failed", with a message; "interrupted": its process died without a word.
        The last three can be resumed.
    stage : str
        What is being done, in words.
    done : float
        Share of the stage that is done, in [0, 1].
    epoch, epochs, step, steps : int or None
        Where training stands; `epochs` are planned, early stopping may save some.
    eta_seconds : float or None
        Until the stage is done, at most; None if it cannot be told.
    asked, started, ended : datetime or None
        In UTC: put in line, first begun, ended.
    history : list of dict
        A row for each finished epoch, as `core.training.fitting.fit.fit_network` describes it.
    latest : dict
        Values of the latest step.
    message : str or None
        What went wrong, for people.
    device : str or None
        What it trains on, for people.
    package : Path or None
        The model, in the run's folder.
    place_in_line : int or None
        Of a waiting run: 1 is next.
    """

    id: str
    request: Request
    state: StateName
    stage: str
    done: float
    epoch: int | None
    epochs: int | None
    step: int | None
    steps: int | None
    eta_seconds: float | None
    asked: datetime
    started: datetime | None
    ended: datetime | None
    history: list[Row]
    latest: Row
    message: str | None
    device: str | None
    package: Path | None
    place_in_line: int | None = None


@dataclass
class Story:
    """What the events of a run amount to."""

    asked: float = 0.0
    started: float | None = None
    last: float = -1.0  # none before 1970
    working: bool = False
    ended: StateName | None = None
    device: str | None = None
    fingerprint: str | None = None
    stage: str = ""
    done: float = 0.0
    first: tuple[float, float] = (0.0, 0.0)
    latest: Row = field(default_factory=dict)
    history: list[Row] = field(default_factory=list)
    message: str | None = None
    package: str | None = None

    def hear(self, event: Event) -> None:
        """Take in an event."""
        self.last = event.at
        self.asked = self.asked or event.at
        match event:
            case Queued():
                self.asked, self.working, self.ended, self.message = event.at, False, None, None
                self.stage, self.done = "", 0.0
            case Started():
                self.started, self.working = self.started or event.at, True
                self.device = event.device
            case Opened():
                self.fingerprint = event.fingerprint
            case Stage():
                self._progress(event.at, event.name, event.done)
            case Step():
                done = (event.epoch - 1 + event.step / event.steps) / event.epochs
                self._progress(event.at, TRAINING, done)
                self.latest = event.values()
            case Epoch():
                # What a resumed run does again counts, not what was lost with the process.
                earlier = [row for row in self.history if row["epoch"] < event.epoch]
                self.history = [*earlier, event.values()]
            case Ended():
                self.ended, self.message = event.event, event.message
                self.package = event.package or self.package

    def _progress(self, at: float, stage: str, done: float) -> None:
        done = min(max(done, 0.0), 1.0)
        if stage != self.stage:
            self.first = (at, done)
        self.stage, self.done = stage, done

    def seconds_left(self, now: float) -> float | None:
        """Seconds until the stage is done, if it goes on as it has gone."""
        since, from_ = self.first
        if self.done - from_ < _LEAST_SHARE or self.last <= since:
            return None
        whole = (self.last - since) * (1 - self.done) / (self.done - from_)
        return max(0.0, whole - (now - self.last))


def _hear(story: Story, lines: bytes) -> None:
    for event in parse(lines):
        story.hear(event)


_stories = Stories(Story, _hear)


def read_story(run: RunFolder) -> Story:
    """What a run's events amount to; those that cannot be read are passed over.

    Raises
    ------
    TrainingError
        If their file cannot be read.
    """
    try:
        return _stories.read(run.events)
    except OSError as error:
        raise _unreadable(run, run.events, error) from error


def _unreadable(run: RunFolder, file: Path, error: OSError) -> TrainingError:
    return TrainingError(
        f"The run {run.id} cannot be read: {file} cannot be opened ({error.strerror}). Allow "
        "reading it, or delete the run's folder."
    )


def state_of(run: RunFolder) -> RunState:
    """How a run stands, but for its place in the line.

    Raises
    ------
    TrainingError
        If what was asked for, or what happened, cannot be read.
    """
    request = run.read_request()
    # The lock first: a process that ends in between has written its end by then.
    try:
        alive = is_held(run.lock)
    except OSError as error:
        raise _unreadable(run, run.lock, error) from error
    story = read_story(run)
    if story.last < 0:
        raise TrainingError(
            f"The run {run.id} cannot be read: {run.events} is missing or holds nothing that can "
            "be read. Start a new run."
        )
    state = name_of_state(story.ended, alive=alive, working=story.working)
    over = state in {"finished", "cancelled", "failed", "interrupted"}
    now = datetime.now(UTC).timestamp()
    package = run.packages / story.package if story.package else None
    return RunState(
        id=run.id,
        request=request,
        state=state,
        stage=story.stage,
        done=story.done,
        epoch=_number(story.latest, "epoch"),
        epochs=_number(story.latest, "epochs"),
        step=_number(story.latest, "step"),
        steps=_number(story.latest, "steps"),
        eta_seconds=story.seconds_left(now) if state == "running" else None,
        asked=moment(story.asked),
        started=moment(story.started) if story.started else None,
        ended=moment(story.last) if over else None,
        history=[dict(row) for row in story.history],
        latest=dict(story.latest),
        message=_interruption(story) if state == "interrupted" else story.message,
        device=story.device,
        package=package if package and package.is_dir() else None,
    )


def _interruption(story: Story) -> str:
    kept_work = (
        f"Epochs up to {story.history[-1]['epoch']} are kept: resume to continue from there."
        if story.history
        else "Resume to begin again; images already read are kept."
    )
    return (
        "The process ended unexpectedly: it was killed, memory ran out, or the machine "
        f"stopped. {kept_work}"
    )


def _number(values: Row, name: str) -> int | None:
    return int(values[name]) if values.get(name) is not None else None
