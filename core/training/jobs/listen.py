"""Write down what a run does."""

import time
from typing import Any

from core.errors import TrainingCancelledError, TrainingError
from core.training.jobs.events import Events
from core.training.jobs.folder import RunFolder
from core.training.jobs.state import TRAINING, read_story
from core.training.watch import Watch

_SECONDS_BETWEEN = 1.0


class Listener(Watch):
    """Writes what it hears into the run's events, and passes it on.

    Attributes
    ----------
    cut_short : bool
        Whether training was told to stop before its end.
    """

    def __init__(self, run: RunFolder, events: Events, shown: Watch) -> None:
        self.checkpoints = run.checkpoints
        self.cut_short = False
        self._run = run
        self._events = events
        self._shown = shown
        story = read_story(run)
        self._fingerprint = story.fingerprint
        self._learnt = bool(story.history)
        self._stage = ""
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
                f"fingerprint was {self._fingerprint[:12]} and is {fingerprint[:12]}. Put back "
                "what was there and resume, or start a new run on what is there now."
            )
        self._shown.dataset(fingerprint)

    def stage(self, name: str, done: float) -> None:
        """Write down a stage, and stop there if nothing was learnt yet that could be kept."""
        new = name != self._stage
        self._stage = name
        self._stepping = self._stepping and not new
        if new or (not self._stepping and (done >= 1 or self._is_time())):
            self._write("stage", {"name": name, "done": done})
        self._shown.stage(name, done)
        # A fit that is told to stop keeps its best and is then judged, which is not to be stopped.
        if not self._learnt and self.cancelled():
            raise TrainingCancelledError(
                "The run was cancelled before anything was learnt that could be kept. Resume it to "
                "go on."
            )

    def step(self, values: dict[str, float]) -> None:
        """Write down a step; of those between an epoch's ends, one every now and then."""
        if self._is_time() or not self._stepping or values["step"] == values["steps"]:
            self._write("step", values)
        self._stage, self._stepping = TRAINING, True
        self._shown.step(values)

    def epoch(self, values: dict[str, float | str]) -> None:
        """Write down a finished epoch."""
        self._learnt = True
        self._events.write("epoch", **values)
        self._shown.epoch(values)

    def cancelled(self) -> bool:
        """Tell whether anyone has asked to stop."""
        if self._run.cancel.exists() or self._shown.cancelled():
            self.cut_short = True
        return self.cut_short

    def _is_time(self) -> bool:
        return time.monotonic() - self._written >= _SECONDS_BETWEEN

    def _write(self, event: str, values: dict[str, Any]) -> None:
        self._written = time.monotonic()
        self._events.write(event, **values)
