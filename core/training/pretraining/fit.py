"""Pretrain a network epoch by epoch, so that it can be stopped and go on."""

import hashlib
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.errors import Stopped, TrainingError
from core.training.fitting.checkpoint import Key, State, load_state, save_state
from core.training.fitting.fit import assign, values_of, variables_of
from core.training.fitting.progress import Progress, Row
from core.training.pretraining.recipe import Pretraining
from core.training.pretraining.twins import Unlabelled, described, twin_model
from core.training.watch import Watch

Judge = Callable[[keras.Model], float]
"""From a network that gives features to how much they are worth; more is better."""


def pretrain_network(
    network: keras.Model,
    settings: Pretraining,
    pixels: NDArray[np.uint8],
    judge: Judge | None,
    watch: Watch,
    fingerprints: tuple[str, ...],
    *,
    no_further: bool = False,
) -> Progress:
    """Pretrain a network in place; it ends with the weights of its best epoch.

    Epoch 0 is the network as it was given. Best is the epoch that `judge` finds to be worth most;
    without it, the last. With a folder of checkpoints the state is kept after each epoch, and a
    call that finds one goes on from there: on a processor, to exactly the same numbers.

    Parameters
    ----------
    network : keras.Model
        With averages of its last maps, "head_pool".
    settings : Pretraining
    pixels : uint8 array, shape (N, s, s, 3)
    judge : callable or None
    watch : Watch
        Told of stages and epochs; a row of the history has epoch, loss, auroc (of the judge),
        seconds.
    fingerprints : tuple of str
        What the images are known by.
    no_further : bool
        Only take the best of the epochs that are done.

    Raises
    ------
    Stopped
        If it was cancelled; finished epochs are kept where there is a folder for them.
    TrainingError
        If the loss is no number any more, or the state cannot be written or is another one's.
    """
    model, features = twin_model(network, settings), described(network)
    batches = Unlabelled(pixels, settings.batch_size, settings.seed)
    optimiser = _optimiser(settings, len(batches))
    # Its loss is its own, by the layer `Redundancy`.
    model.compile(optimizer=optimiser)
    optimiser.build(model.trainable_variables)
    key = _key(settings, pixels, fingerprints)
    state = _state(watch.checkpoints, key) if watch.checkpoints else None
    progress = state.progress if state else Progress()
    if state:
        assign(variables_of(model), state.variables)
        assign(optimiser.variables, state.optimiser)
    while len(progress.history) <= settings.epochs and not no_further:
        epoch, started = len(progress.history), time.perf_counter()
        row: Row = {"epoch": epoch}
        if epoch:
            row["loss"] = _fit_epoch(model, batches, epoch, settings.epochs, watch)
        _take_in(progress, row, judge(features) if judge else None, network)
        row["seconds"] = round(time.perf_counter() - started, 1)
        progress.history.append(row)
        watch.epoch(row)
        if watch.checkpoints:
            values = [values_of(variables_of(model)), values_of(optimiser.variables)]
            save_state(watch.checkpoints, key, State(progress, *values))
    if progress.best:
        network.set_weights(progress.best)
    return progress


def _state(folder: Path, key: Key) -> State | None:
    try:
        return load_state(folder, key)
    except TrainingError as error:
        raise TrainingError(
            f"{error} Here a new run is one under another --name, or after {folder} was deleted."
        ) from error


def _take_in(progress: Progress, row: Row, worth: float | None, network: keras.Model) -> None:
    """Keep the weights if they are the best so far; of two that are worth the same, the first."""
    if worth is not None:
        row["auroc"] = worth
    away = -math.inf if worth is None else 1 - worth
    if worth is None or away < progress.lowest:
        progress.lowest = away
        progress.best = network.get_weights()


def best_row(history: list[Row]) -> Row:
    """The epoch whose weights were kept; epoch 0 is the start."""
    return max(history, key=lambda row: float(row["auroc"])) if _judged(history) else history[-1]


def _judged(history: list[Row]) -> bool:
    return "auroc" in history[0]


def _optimiser(settings: Pretraining, steps: int) -> keras.Optimizer:
    warm_up = settings.warm_up_epochs * steps
    rate = keras.optimizers.schedules.CosineDecay(
        0.0 if warm_up else settings.learning_rate,
        decay_steps=max(1, settings.epochs * steps - warm_up),
        warmup_target=settings.learning_rate if warm_up else None,
        warmup_steps=warm_up,
    )
    return keras.optimizers.Adam(rate)


def _fit_epoch(
    model: keras.Model, batches: Unlabelled, epoch: int, epochs: int, watch: Watch
) -> float:
    batches.set_epoch(epoch - 1)
    callback = _Told(watch, len(batches), epoch - 1, epochs)
    history = model.fit(batches, epochs=1, verbose=0, shuffle=False, callbacks=[callback]).history
    loss = float(history["loss"][0])
    if not math.isfinite(loss):
        raise TrainingError(
            f"The loss became {loss} in epoch {epoch}; expected a number. The weights have "
            "diverged. Lower learning_rate to a tenth, and pretrain again."
        )
    return loss


def _key(settings: Pretraining, pixels: NDArray[Any], fingerprints: tuple[str, ...]) -> Key:
    values = settings.model_dump(mode="json", exclude={"name", "title"})
    content = [values, list(pixels.shape), list(fingerprints)]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    facts = {name: str(value) for name, value in values.items()}
    return Key(digest, {**facts, "images": ", ".join(print_[:12] for print_ in fingerprints)})


class _Told(keras.callbacks.Callback):
    """Tells a watch of steps, and stops at one."""

    def __init__(self, watch: Watch, steps: int, before: int, epochs: int) -> None:
        super().__init__()
        self._watch, self._steps, self._before, self._epochs = watch, steps, before, epochs

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 (Keras's)
        if self._watch.cancelled():
            raise Stopped
        done = self._before + (batch + 1) / self._steps
        self._watch.stage("Pretraining", done / self._epochs)
