"""Write down what a run does."""

import time
from typing import Any

from core.errors import Stopped, TrainingError
from core.jobs.folder import write_log
from core.training.jobs.events import Events
from core.training.jobs.folder import RunFolder
from core.training.jobs.state import TRAINING, read_story
from core.training.watch import Watch, epoch_line

_SECONDS_BETWEEN = 1.0
_NOT_ASKED = (0, False)


class Listener(Watch):
    """Writes what it hears into the run's events and log, and passes it on.

    A run that is told to stop while it learns keeps its best so far, which is then judged. Told to
    stop in any other stage, the judging too, it ends there, and its epochs are kept.

    Attributes
    ----------
    cut_short : bool
        Whether training has heard that it is to stop before its end.
    """

    def __init__(self, run: RunFolder, events: Events, shown: Watch) -> None:
        self.checkpoints = run.checkpoints
        self.cut_short = False
        self._run = run
        self._events = events
        self._shown = shown
        story = read_story(run)
        self._fingerprint = story.fingerprint
        self._epochs = [int(row["epoch"]) for row in story.history]
        self._heard = _NOT_ASKED
        self._stage = self._logged = ""
        self._stepping = False
        self._written = 0.0

    def dataset(self, fingerprint: str) -> None:
        """Keep the fingerprint of the data, or refuse other data than the run began with."""
        if self._fingerprint is None:
            self._fingerprint = fingerprint
            self._events.write("dataset", fingerprint=fingerprint)
        elif fingerprint != self._fingerprint:
            raise TrainingError(
                "The images or their labels have changed since this run began: the dataset's "
                f"fingerprint was {self._fingerprint[:12]} and is {fingerprint[:12]}. Restore "
                "them and resume, or start a new run."
            )
        self._shown.dataset(fingerprint)

    def stage(self, name: str, done: float) -> None:
        """Write down a stage, and stop there unless it is for the fit to stop.

        Raises
        ------
        Stopped
            If somebody has asked to stop and the fit has not heard of it.
        """
        new = name != self._stage
        self._log_stage(name)
        self._stage = name
        self._stepping = self._stepping and not new
        if new or (not self._stepping and (done >= 1 or self._is_time())):
            self._write("stage", {"name": name, "done": done})
        self._shown.stage(name, done)
        # Between two steps a fit that has learnt something is left to hear of it and keep its best.
        fitting = name == TRAINING and self._epochs
        if not fitting and self._asked() not in {_NOT_ASKED, self._heard}:
            raise Stopped(self._cut_off_in(name))

    def step(self, values: dict[str, float]) -> None:
        """Write down a step; of those between an epoch's ends, one every now and then."""
        if self._is_time() or not self._stepping or values["step"] == values["steps"]:
            self._write("step", values)
        self._stage, self._stepping = TRAINING, True
        self._log_stage(TRAINING)
        self._shown.step(values)

    def epoch(self, values: dict[str, float | str]) -> None:
        """Write down a finished epoch."""
        self._epochs.append(int(values["epoch"]))
        self._events.write("epoch", **values)
        write_log(self._run, epoch_line(values))
        self._shown.epoch(values)

    def cancelled(self) -> bool:
        """Tell whether anyone has asked to stop; whoever asks this hears of it, and acts."""
        request = self._asked()
        if request != _NOT_ASKED:
            self._heard = request
            self.cut_short = True
        return self.cut_short

    def _asked(self) -> tuple[int, bool]:
        """When somebody asked last by the run's folder, and whether who watches asks to stop."""
        try:
            at = self._run.cancel.stat().st_mtime_ns
        except FileNotFoundError:
            at = 0
        return at, self._shown.cancelled()

    def _cut_off_in(self, stage: str) -> str:
        if not self._epochs:
            return "The run was cancelled before there was anything to keep. Resume it to continue."
        return (
            f"The run was cancelled in the stage {stage!r}, before its model was judged. "
            f"Epochs up to {self._epochs[-1]} are kept: resume it to continue."
        )

    def _log_stage(self, name: str) -> None:
        if name != self._logged:
            write_log(self._run, name)
            self._logged = name

    def _is_time(self) -> bool:
        return time.monotonic() - self._written >= _SECONDS_BETWEEN

    def _write(self, event: str, values: dict[str, Any]) -> None:
        self._written = time.monotonic()
        self._events.write(event, **values)
