"""Start sweeps, stop them, and go on with those that were cut off."""

import os

from core.errors import DatasetError, TrainingError
from core.jobs.control import ask_to_stop, require_inherited, take_again
from core.jobs.lock import let_go
from core.jobs.process import detach
from core.rights import Deed, require
from core.roots import refuse_outside
from core.training.sweep.jobs.events import SweepEvents
from core.training.sweep.jobs.folder import SweepFolder, create_sweep, find_sweep
from core.training.sweep.jobs.state import SweepState, state_of
from core.training.sweep.jobs.work import Told, work
from core.training.sweep.sweep_file import Sweep, candidates_of


def start(sweep: Sweep) -> str:
    """Start a sweep in a process of its own, which outlives this one; returns the sweep's id.

    Raises
    ------
    LobuleError
        If its recipes cannot be used, there are no data, or it cannot be written.
    """
    require(Deed.TRAIN)
    _check(sweep)
    folder, lock = create_sweep(sweep)
    _detach(folder, lock)
    return folder.id


def sweep_here(sweep: Sweep, on_state: Told) -> SweepState:
    """Do a sweep in this process; returns how it ended.

    Raises
    ------
    LobuleError
        As `start` and `core.training.sweep.jobs.work.work`.
    """
    require(Deed.TRAIN)
    _check(sweep)
    return _work_here(*create_sweep(sweep), on_state)


def resume(sweep: str) -> None:
    """Go on with a sweep that was interrupted, cancelled or failed, in its own process.

    Raises
    ------
    TrainingError
        If there is no such sweep, or a process is at work on it.
    """
    require(Deed.TRAIN)
    _detach(*_take_again(sweep))


def resume_here(sweep: str, on_state: Told) -> SweepState:
    """Go on with a sweep in this process; returns how it ended.

    Raises
    ------
    LobuleError
        As `resume` and `core.training.sweep.jobs.work.work`.
    """
    require(Deed.TRAIN)
    return _work_here(*_take_again(sweep), on_state)


def work_on(sweep: str, lock: int) -> SweepState:
    """Do a sweep whose lock this process has inherited from the one that started it."""
    folder = find_sweep(sweep)
    require_inherited(folder, lock, "sweep", TrainingError)
    return _work_here(folder, lock, lambda _: None)


def cancel(sweep: str) -> None:
    """Ask a sweep to stop on every machine; answers that are there are kept.

    Raises
    ------
    TrainingError
        If there is no such sweep, or it does not run.
    """
    require(Deed.TRAIN)
    folder = find_sweep(sweep)
    state = state_of(folder).state
    if state not in {"waiting", "running"}:
        raise TrainingError(f"The sweep {sweep} cannot be cancelled: it is already {state}.")
    ask_to_stop(folder, "sweep", TrainingError)


def _check(sweep: Sweep) -> None:
    candidates_of(sweep)
    refuse_outside(sweep.data)
    if not os.access(sweep.data, os.F_OK):
        raise DatasetError(
            f"There is no folder or manifest {sweep.data}. `data` in a sweep's file is seen from "
            "the folder of that file."
        )


def _take_again(sweep: str) -> tuple[SweepFolder, int]:
    folder = find_sweep(sweep)
    folder.read_request()
    busy = TrainingError(f"The sweep {sweep} is still running. Cancel it first, or let it finish.")
    return folder, take_again(folder, SweepEvents(folder.events), busy)


def _work_here(folder: SweepFolder, lock: int, on_state: Told) -> SweepState:
    try:
        return work(folder, on_state)
    finally:
        let_go(lock)


def _detach(folder: SweepFolder, lock: int) -> None:
    try:
        detach(["sweeps", "work", folder.id], folder.log, lock, f"sweep {folder.id}")
    except OSError as error:
        message = f"The process of the sweep cannot be started: {error.strerror}. Try to resume it."
        SweepEvents(folder.events).write_end("failed", message=message)
        raise TrainingError(message) from error
