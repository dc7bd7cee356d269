"""Start runs, and go on with those that were cut off."""

import os

from core.errors import DatasetError, TrainingError
from core.jobs.control import require_inherited, take_again
from core.jobs.lock import let_go
from core.jobs.process import detach
from core.rights import Deed, require
from core.roots import refuse_outside
from core.settings import get_settings
from core.training.jobs.events import Events
from core.training.jobs.folder import RunFolder, create_folder, find_folder
from core.training.jobs.state import RunState, read_story
from core.training.jobs.work import work
from core.training.request.encoder import encoder_for
from core.training.request.recipe import ENCODER
from core.training.request.request import Request, check_name
from core.training.watch import Watch


def start(request: Request) -> str:
    """Start a run in a process of its own, which outlives this one; returns the run's id.

    Raises
    ------
    LobuleError
        If the name is taken or cannot be used, there are no data, or the run cannot be written.
    """
    require(Deed.TRAIN)
    check(request)
    run, lock = create_folder(request)
    _detach(run, lock)
    return run.id


def run_here(request: Request, watch: Watch) -> RunState:
    """Do a run in this process; returns how it ended.

    Raises
    ------
    LobuleError
        As `start` and `core.training.jobs.work.work`.
    """
    require(Deed.TRAIN)
    check(request)
    run, lock = create_folder(request)
    return _work_here(run, lock, watch)


def resume(run: str) -> None:
    """Put a run that was interrupted, cancelled or failed in line again, in its own process.

    Raises
    ------
    TrainingError
        If there is no such run, it has finished, or a process is at work on it.
    """
    require(Deed.TRAIN)
    _detach(*_take_again(run))


def resume_here(run: str, watch: Watch) -> RunState:
    """Go on with a run in this process; returns how it ended.

    Raises
    ------
    LobuleError
        As `resume` and `core.training.jobs.work.work`.
    """
    require(Deed.TRAIN)
    return _work_here(*_take_again(run), watch)


def work_on(run: str, lock: int, watch: Watch) -> RunState:
    """Do a run whose lock this process has inherited from the one that started it."""
    folder = find_folder(run)
    require_inherited(folder, lock, "run", TrainingError)
    return _work_here(folder, lock, watch)


def check(request: Request) -> None:
    """Refuse what would only be found out after hours of training, or leave an empty run behind.

    Raises
    ------
    LobuleError
        If the name is taken or cannot be used, or there are no data, or none that may be read.
    """
    check_name(request.name)
    shelf = request.folder or get_settings().own_models
    if (shelf / request.name).exists() and not request.replace:
        raise TrainingError(
            f"There is already a model named {request.name!r} in {shelf}. Choose another "
            "--name, or give --replace."
        )
    if request.recipe.architecture == ENCODER:
        encoder_for(request.recipe)
    refuse_outside(request.data)
    if not os.access(request.data, os.F_OK):
        raise DatasetError(
            f"There is no folder or manifest {request.data}. Give the folder that holds the images."
        )


def _take_again(name: str) -> tuple[RunFolder, int]:
    run = find_folder(name)
    run.read_request()
    busy = TrainingError(f"The run {name} is still running. Cancel it first, or let it finish.")
    return run, take_again(run, Events(run.events), busy, lambda: _refuse_finished(run))


def _refuse_finished(run: RunFolder) -> None:
    if read_story(run).ended == "finished":
        raise TrainingError(f"The run {run.id} has finished: there is nothing to resume.")


def _work_here(run: RunFolder, lock: int, watch: Watch) -> RunState:
    try:
        return work(run, watch)
    finally:
        let_go(lock)


def _detach(run: RunFolder, lock: int) -> None:
    """Start the process that does a run."""
    try:
        detach(["runs", "work", run.id], run.log, lock, f"run {run.id}")
    except OSError as error:
        message = f"The process of the run cannot be started: {error.strerror}. Try to resume it."
        Events(run.events).write_end("failed", message=message)
        raise TrainingError(message) from error
