"""The line for the device: one run trains at a time, in the order in which they were asked for."""

from core.errors import Stopped, TrainingError
from core.jobs.folder import wait_turn
from core.settings import get_settings
from core.training.jobs.folder import RunFolder, run_folders
from core.training.jobs.state import RunState, state_of
from core.training.watch import Watch


def line() -> list[RunState]:
    """The runs of living processes that train or wait, in the order in which they may train."""
    states = []
    for folder in run_folders():
        try:
            state = state_of(folder)
        except TrainingError:  # it cannot be read, so it cannot run either
            continue
        if state.state in {"waiting", "running"}:
            states.append(state)
    return sorted(states, key=lambda state: (state.asked, state.id))


def place_of(run: str) -> int | None:
    """Place of a run among those that wait; None if it does not wait."""
    waiting = [state.id for state in line() if state.state == "waiting"]
    return waiting.index(run) + 1 if run in waiting else None


def wait_for_device(run: RunFolder, watch: Watch) -> int:
    """Wait until it is this run's turn; returns the descriptor of the device's lock.

    Raises
    ------
    Stopped
        If the run is cancelled meanwhile.
    """

    def ahead() -> int:
        others = [state.id for state in line()]
        return others.index(run.id) if run.id in others else 0

    def check() -> None:
        if watch.cancelled():
            raise Stopped(
                "The run was cancelled while it waited for the device. Resume it to queue it again."
            )

    def told(others: int) -> None:
        watch.stage(f"Waiting for the device, behind {_runs(others)}", 0.0)

    return wait_turn(get_settings().runs, ahead, check, told)


def _runs(number: int) -> str:
    return f"{number} other run" + ("" if number == 1 else "s")
