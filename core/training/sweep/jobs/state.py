"""How a sweep stands, as its events and its lock tell."""

from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from core.errors import TrainingError
from core.jobs.events import Stories
from core.jobs.lock import is_held
from core.jobs.state import StateName, moment, name_of_state
from core.training.sweep.jobs.folder import SweepFolder, find_sweep, sweep_folders
from core.training.sweep.jobs.story import COMPUTING, PieceState, SweepStory, hear_lines
from core.training.sweep.result import SweepResult
from core.training.sweep.sweep_file import Sweep


@dataclass(frozen=True)
class SweepState:
    """How a sweep stands.

    Attributes
    ----------
    id : str
    request : Sweep
    state : str
        "waiting", "running", "finished", "cancelled", "failed", with a message, or "interrupted":
        its process died without a word. The last three can be resumed.
    stage : str
        What is being done, in words.
    done : float
        Share of the stage that is done, in [0, 1].
    on : str
        On which machines it computes, for people.
    tasks, tasks_done : int
        Pieces of work; 0 before they are known.
    each : dict of str to PieceState
        Those that were begun, by key.
    seconds_left : float or None
        Until all pieces are done, if it goes on as it has gone; None if it cannot be told.
    asked, ended : datetime or None
        In UTC.
    message : str or None
    """

    id: str
    request: Sweep
    state: StateName
    stage: str
    done: float
    on: str
    tasks: int
    tasks_done: int
    each: dict[str, PieceState]
    seconds_left: float | None
    asked: datetime
    ended: datetime | None
    message: str | None

    @property
    def running(self) -> list[PieceState]:
        """What is computed now, the one begun first first."""
        now = (task for task in self.each.values() if task.state == "running")
        return sorted(now, key=lambda task: task.began)


_stories = Stories(SweepStory, hear_lines)


def read_story(folder: SweepFolder) -> SweepStory:
    """What a sweep's events amount to; those that cannot be read are passed over.

    Raises
    ------
    TrainingError
        If their file cannot be read.
    """
    try:
        return _stories.read(folder.events)
    except OSError as error:
        raise _unreadable(folder, error) from error


def state_of(folder: SweepFolder) -> SweepState:
    """How a sweep stands.

    Raises
    ------
    TrainingError
        If what was asked for, or what happened, cannot be read.
    """
    request = folder.read_request()
    # The lock first: a process that ends in between has written its end by then.
    try:
        alive = is_held(folder.lock)
    except OSError as error:
        raise _unreadable(folder, error) from error
    story = read_story(folder)
    if story.last < 0:
        raise TrainingError(
            f"The sweep {folder.id} cannot be read: {folder.events} is missing or holds nothing "
            "that can be read. Start a new sweep."
        )
    state = name_of_state(story.ended, alive=alive, working=story.working)
    over = state not in {"waiting", "running"}
    message = story.message
    if state == "interrupted":
        message = (
            "The process ended unexpectedly: it was killed, memory ran out, or the machine "
            "stopped. What was computed is kept: resume to go on."
        )
    computing = story.stage == COMPUTING and story.tasks
    shares = sum(task.done for task in story.each.values()) + story.known
    return SweepState(
        id=folder.id,
        request=request,
        state=state,
        stage=story.stage,
        done=shares / story.tasks if computing else story.done,
        on=story.on,
        tasks=story.tasks,
        tasks_done=story.tasks_done,
        each=dict(story.each),
        seconds_left=story.seconds_left(datetime.now(UTC).timestamp())
        if state == "running"
        else None,
        asked=moment(story.asked),
        ended=moment(story.last) if over else None,
        message=message,
    )


def list_sweeps() -> list[SweepState]:
    """Every sweep that can be read, the one asked for last first.

    Raises
    ------
    TrainingError
        If the folder of sweeps itself cannot be read.
    """
    states = []
    for folder in sweep_folders():
        try:
            states.append(state_of(folder))
        except TrainingError:  # it cannot be read, so it cannot be shown either
            continue
    return sorted(states, key=lambda state: (state.asked, state.id), reverse=True)


def read_sweep(sweep: str) -> SweepState:
    """How a sweep stands.

    Raises
    ------
    TrainingError
        If there is no such sweep, or it cannot be read.
    """
    return state_of(find_sweep(sweep))


def read_result(sweep: str) -> SweepResult | None:
    """What came of a sweep; None before it is finished.

    Raises
    ------
    TrainingError
        If there is no such sweep, or its result is damaged.
    """
    folder = find_sweep(sweep)
    try:
        return SweepResult.model_validate_json(folder.result.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise TrainingError(
            f"The result of the sweep {sweep} cannot be read: {folder.result} is damaged or from "
            "another version of Lobule. Resume the sweep to judge it again."
        ) from error


def _unreadable(folder: SweepFolder, error: OSError) -> TrainingError:
    return TrainingError(
        f"The sweep {folder.id} cannot be read ({error.strerror}). Allow reading {folder.path}, or "
        "delete it."
    )
