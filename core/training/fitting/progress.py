"""How far a fit is: what resuming needs besides the weights, and what a watch is told."""

import math
import time
from dataclasses import dataclass, field
from typing import Any

import keras
from numpy.typing import NDArray

from core.errors import Stopped, TrainingError
from core.training.fitting.phases import Phase
from core.training.request.recipe import PLATEAU_EPOCHS, Train
from core.training.watch import Watch

Row = dict[str, float | str]
# Reading the loss waits for the device; ten times a second is as live as a curve can look.
_SECONDS_BETWEEN = 0.1


@dataclass
class Progress:
    """Where a fit stands after its last finished epoch.

    Attributes
    ----------
    phase : int
        Number of the phase, from 0.
    phase_epochs : int
        Epochs finished in this phase.
    waited : int
        Epochs of this phase since the validation loss was last the lowest of all.
    halvings : int
        How often a plateau has halved the learning rate in this phase.
    stalled : int
        Epochs since the validation loss last fell or the learning rate was last halved.
    lowest : float
        Lowest validation loss of all epochs.
    history : list of dict
        One row an epoch.
    best : list of arrays
        The network's weights after the epoch with the lowest validation loss.
    """

    phase: int = 0
    phase_epochs: int = 0
    waited: int = 0
    halvings: int = 0
    stalled: int = 0
    lowest: float = math.inf
    history: list[Row] = field(default_factory=list)
    best: list[NDArray] = field(default_factory=list)

    def add(self, row: Row, settings: Train) -> bool:
        """Take in a finished epoch; tell whether it was the best so far."""
        self.history.append(row)
        self.phase_epochs += 1
        loss = float(row["val_loss"])
        if loss < self.lowest:
            self.lowest = loss
            self.waited = self.stalled = 0
            return True
        self.waited += 1
        self.stalled += 1
        if settings.schedule == "plateau" and self.stalled == PLATEAU_EPOCHS:
            self.halvings += 1
            self.stalled = 0
        return False

    def over(self, phase: Phase, settings: Train) -> bool:
        """Tell whether a phase is done: out of epochs, or out of patience."""
        return self.phase_epochs >= phase.epochs or self.waited >= settings.patience

    def next_phase(self) -> None:
        """Begin the next phase; the lowest loss stays the one to beat."""
        self.phase += 1
        self.phase_epochs = self.waited = self.halvings = self.stalled = 0


class StepReport(keras.callbacks.Callback):
    """Report the steps of one epoch.

    Parameters
    ----------
    watch : Watch
    epoch, epochs : int
        Number of this epoch, from 1, and of all that are planned.
    images, batch_size : int
        Of the training part, and of a step.
    rates : callable
        Learning rate of a step of this epoch, from 0.
    """

    def __init__(
        self, watch: Watch, epoch: int, epochs: int, images: int, batch_size: int, rates: Any
    ) -> None:
        super().__init__()
        self._watch = watch
        self._epoch, self._epochs = epoch, epochs
        self._images, self._batch_size = images, batch_size
        self._steps = math.ceil(images / batch_size)
        self._rates = rates
        self._step = 0
        self._begun = self._first_done = self._told = time.perf_counter()
        self.images_per_second = 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 (Keras's)
        """Report, unless it was done a moment ago."""
        self._step += 1
        if self._watch.cancelled():
            raise Stopped
        now = time.perf_counter()
        if now - self._told < _SECONDS_BETWEEN and 1 < self._step < self._steps:
            return
        loss = check_loss(float((logs or {})["loss"]), self._epoch)
        self._told = now = time.perf_counter()
        self._measure(now)
        self._watch.step(
            {
                "epoch": self._epoch,
                "epochs": self._epochs,
                "step": self._step,
                "steps": self._steps,
                "loss": loss,
                "learning_rate": self._rates(self._step - 1),
                "images_per_second": self.images_per_second,
            }
        )
        done = self._epoch - 1 + self._step / self._steps
        self._watch.stage("Training", done / self._epochs)

    def on_test_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002 (Keras's)
        """Stop within a step of validation too."""
        if self._watch.cancelled():
            raise Stopped

    def _measure(self, now: float) -> None:
        """Images a second since the first step, which may have been compiled."""
        images = min(self._step * self._batch_size, self._images)
        if self._step == 1:
            self._first_done = now
            self.images_per_second = images / (now - self._begun)
        else:
            self.images_per_second = (images - self._batch_size) / (now - self._first_done)


def check_loss(loss: float, epoch: int) -> float:
    """Return a loss that is a number.

    Raises
    ------
    TrainingError
        If it is not.
    """
    if math.isfinite(loss):
        return loss
    raise TrainingError(
        f"The loss became {loss} in epoch {epoch}; expected a number. The weights have "
        "diverged. Lower the learning rate to a tenth (train.learning_rate, or "
        "fine_tune.learning_rate), set mixed_precision to false if it is on, and train again."
    )
