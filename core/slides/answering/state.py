"""How the answer of a slide stands, as its events and its lock tell."""

from dataclasses import dataclass
from datetime import UTC, datetime

from core.errors import SlideError
from core.jobs.events import Stories
from core.jobs.lock import is_held
from core.jobs.state import StateName, moment, name_of_state, with_places
from core.slides.answering.events import (
    AnswerEvent,
    Began,
    Doing,
    InLine,
    Over,
    Planned,
    Tiles,
    parse,
)
from core.slides.answering.folder import AnswerFolder, answer_folders, find_answer
from core.slides.answering.request import AnswerRequest

ANSWERING = "Answering"
"""The stage in which there are tiles."""


@dataclass(frozen=True)
class AnswerState:
    """How the answer of a slide stands."""

    id: str
    request: AnswerRequest
    state: StateName
    """ "waiting" in line; "running"; "finished"; "cancelled"; "failed", with a message;
    "interrupted": its process died without a word. The last three can be resumed."""
    stage: str
    """What is being done, in words."""
    done: float
    """Share of the stage that is done, in [0, 1]."""
    model: str | None
    """Once it is chosen."""
    tiles: int | None
    """With tissue; None before they are known."""
    tiles_done: int
    unreadable: int
    """Of the tiles that are done."""
    mm2: float | None
    """Tissue; None before it is known."""
    mm2_done: float
    seconds_left: float | None
    """Until all tiles are answered, if it goes on as it has gone; None if it cannot be told."""
    asked: datetime
    started: datetime | None
    ended: datetime | None
    """In UTC: put in line, first begun, ended."""
    message: str | None
    """What went wrong, for people."""
    place_in_line: int | None = None
    """Of a waiting one: 1 is next."""


@dataclass
class _Story:
    """What the events of an answer amount to."""

    asked: float = 0.0
    started: float | None = None
    last: float = -1.0  # none before 1970
    working: bool = False
    ended: StateName | None = None
    message: str | None = None
    stage: str = ""
    done: float = 0.0
    planned: Planned | None = None
    tiles: Tiles | None = None
    first: Tiles | None = None
    """Of the process that works now."""

    def hear(self, event: AnswerEvent) -> None:
        """Take in an event."""
        self.last = event.at
        match event:
            case InLine():
                self.asked, self.working, self.ended, self.message = event.at, False, None, None
                self.stage, self.done = "", 0.0
            case Began():
                self.started, self.working = self.started or event.at, True
                self.first = None
            case Doing():
                self.stage, self.done = event.name, min(max(event.done, 0.0), 1.0)
            case Planned():
                self.planned = event
            case Tiles():
                self.stage, self.tiles, self.first = ANSWERING, event, self.first or event
                if self.planned and self.planned.tiles:
                    self.done = min(event.done / self.planned.tiles, 1.0)
            case Over():
                self.ended, self.message = event.event, event.message

    def seconds_left(self, now: float) -> float | None:
        """Seconds until all tiles are answered, if it goes on as it has gone."""
        if not (self.tiles and self.first and self.planned) or self.stage != ANSWERING:
            return None
        new, seconds = self.tiles.done - self.first.done, self.tiles.at - self.first.at
        if new <= 0 or seconds <= 0:
            return None
        left = (self.planned.tiles - self.tiles.done) * seconds / new
        return max(0.0, left - (now - self.tiles.at))


def _hear(story: _Story, lines: bytes) -> None:
    for event in parse(lines):
        story.hear(event)


_stories = Stories(_Story, _hear)


def state_of(folder: AnswerFolder) -> AnswerState:
    """How an answer stands, but for its place in the line.

    Raises
    ------
    SlideError
        If what was asked for, or what happened, cannot be read.
    """
    request = folder.read_request()
    try:
        # The lock first: a process that ends in between has written its end by then.
        alive = is_held(folder.lock)
        story = _stories.read(folder.events)
    except OSError as error:
        raise SlideError(
            f"The answer {folder.id} cannot be read ({error.strerror}). Allow reading "
            f"{folder.path}, or delete it."
        ) from error
    if story.last < 0:
        raise SlideError(
            f"The answer {folder.id} cannot be read: {folder.events} is missing or holds nothing "
            "that can be read. Ask for a new answer."
        )
    state = name_of_state(story.ended, alive=alive, working=story.working)
    over = state not in {"waiting", "running"}
    message = story.message
    if state == "interrupted":
        message = (
            "The process ended without a word: it was killed, the memory of the machine ran out, "
            "or the machine stopped. The tiles answered so far are kept: resume to go on."
        )
    return AnswerState(
        id=folder.id,
        request=request,
        state=state,
        stage=story.stage,
        done=story.done,
        model=story.planned.model if story.planned else None,
        tiles=story.planned.tiles if story.planned else None,
        tiles_done=story.tiles.done if story.tiles else 0,
        unreadable=story.tiles.unreadable if story.tiles else 0,
        mm2=story.planned.mm2 if story.planned else None,
        mm2_done=story.tiles.mm2 if story.tiles else 0.0,
        seconds_left=story.seconds_left(datetime.now(UTC).timestamp())
        if state == "running"
        else None,
        asked=moment(story.asked),
        started=moment(story.started) if story.started else None,
        ended=moment(story.last) if over else None,
        message=message,
    )


def every_state() -> list[AnswerState]:
    """Every answer that can be read, the one asked for last first, with places in line.

    Raises
    ------
    SlideError
        If the folder of answers itself cannot be read.
    """
    states = []
    for folder in answer_folders():
        try:
            states.append(state_of(folder))
        except SlideError:  # it cannot be read, so it cannot be shown either
            continue
    return with_places(states)


def status(answer: str) -> AnswerState:
    """How an answer stands.

    Raises
    ------
    SlideError
        If there is no such answer, or it cannot be read.
    """
    state = state_of(find_answer(answer))
    if state.state != "waiting":
        return state
    return next((each for each in every_state() if each.id == answer), state)


def answers_of(fingerprint: str) -> list[AnswerState]:
    """The answers that a slide has or is getting, the one asked for last first.

    Raises
    ------
    SlideError
        If the folder of answers cannot be read.
    """
    return [state for state in every_state() if state.request.fingerprint == fingerprint]
