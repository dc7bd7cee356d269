"""List, read and cancel runs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.errors import TrainingError
from core.jobs.control import ask_to_stop
from core.jobs.folder import tail
from core.jobs.state import with_places
from core.rights import Deed, require
from core.training.jobs.folder import find_folder, run_folders
from core.training.jobs.line import place_of
from core.training.jobs.state import RunState, state_of


@dataclass(frozen=True)
class UnreadableRun:
    """A run that is there but cannot be read, and why."""

    id: str
    reason: str


def list_runs() -> list[RunState]:
    """Every run that can be read, the one asked for last first.

    Raises
    ------
    TrainingError
        If the folder of runs itself cannot be read.
    """
    return with_places(run for run in _each_run() if isinstance(run, RunState))


def list_unreadable() -> list[UnreadableRun]:
    """Every run that cannot be read, the newest first.

    Raises
    ------
    TrainingError
        If the folder of runs itself cannot be read.
    """
    unreadable = [run for run in _each_run() if isinstance(run, UnreadableRun)]
    return sorted(unreadable, key=lambda run: run.id, reverse=True)


def _each_run() -> Iterator[RunState | UnreadableRun]:
    for folder in run_folders():
        try:
            yield state_of(folder)
        except TrainingError as error:
            yield UnreadableRun(folder.id, str(error))


def read_run(run: str) -> RunState:
    """How a run stands.

    Raises
    ------
    TrainingError
        If there is no such run, or it cannot be read.
    """
    state = state_of(find_folder(run))
    if state.state != "waiting":
        return state
    return replace(state, place_in_line=place_of(run))


def cancel(run: str) -> None:
    """Ask a run to stop within a step or two and keep the best so far.

    While it learns, that is judged before it ends; asked in another stage, or once more while it
    is judged, the run ends there, and can be resumed.

    Raises
    ------
    TrainingError
        If there is no such run, or it does not run.
    """
    require(Deed.TRAIN)
    folder = find_folder(run)
    state = state_of(folder).state
    if state not in {"waiting", "running"}:
        raise TrainingError(f"The run {run} cannot be cancelled: it is already {state}.")
    ask_to_stop(folder, "run", TrainingError)


def read_log(run: str, lines: int = 100) -> str:
    """The last lines of what a run did and what its process printed, as plain text.

    Raises
    ------
    TrainingError
        If there is no such run, or its log cannot be read.
    """
    path = find_folder(run).log
    try:
        return tail(path, lines)
    except OSError as error:
        raise TrainingError(f"The log {path} cannot be read ({error.strerror}).") from error
