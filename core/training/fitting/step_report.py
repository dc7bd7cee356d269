"""Tell a watch of the steps of an epoch, and stop within a step when it says so."""

import math
import time
from typing import Any

import keras

from core.errors import Stopped, TrainingError
from core.training.watch import Watch

# Reading the loss waits for the device; ten times a second is as live as a curve can look.
_SECONDS_BETWEEN = 0.1


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
        f"The loss became {loss} in epoch {epoch}; expected a number. The weights have grown "
        "beyond all bounds. Lower the learning rate to a tenth (train.learning_rate, or "
        "fine_tune.learning_rate), set mixed_precision to false if it is on, and train again."
    )
