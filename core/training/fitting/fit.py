"""Fit a network by gradient descent, in phases, so that it can be stopped and go on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.architectures import backbone_layers
from core.batch import batch_of
from core.datasets.split import Split
from core.errors import Stopped, TrainingError
from core.training.fitting.checkpoint import Key, State, load_state, save_state, state_key
from core.training.fitting.device import (
    beside,
    half_precision,
    half_precision_kind,
    is_out_of_memory,
)
from core.training.fitting.epoch import Material, compile_phase, fit_epoch, make_material
from core.training.fitting.phases import Phase, plan_phases, thaw
from core.training.fitting.progress import Progress
from core.training.request.recipe import Recipe, Train
from core.training.watch import Watch


def fit_network(
    network: keras.Model,
    recipe: Recipe,
    settings: Train,
    pixels: NDArray[Any],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    split: Split,
    watch: Watch,
) -> pd.DataFrame:
    """Train the network in place; it ends with the weights of its best epoch, in float32.

    Best is the lowest validation loss of all phases. Images are weighted as the recipe balances
    them, in training and in validation; or drawn in that proportion, in training.

    With a folder of checkpoints, the complete state is kept after each epoch, and a call that finds
    one of the same recipe on the same images goes on from there: on a processor, to exactly the
    same numbers as if it had not been interrupted.

    Parameters
    ----------
    network : keras.Model
        As `core.training.fitting.network.build_network` builds it.
    recipe : Recipe
    settings : Train
        The recipe's.
    pixels : uint8 array, shape (M, s, s, 3)
        With views, what `core.training.fitting.upper` says.
    labels : int64 array, shape (M,)
        In 0..K-1.
    patients : object array, shape (M,)
    split : Split
        Its rows are those of `pixels`.
    watch : Watch
        Told of steps, at most ten times a second, and of epochs. When it is cancelled, training
        stops within a step.

    Returns
    -------
    pandas.DataFrame
        One row an epoch: epoch, phase ("head", "fine-tuning" or "all"), loss, accuracy, auroc,
        val_loss, val_accuracy, val_auroc (shares of images, not weighted; AUROC over the classes
        against the others where there are more than two, NaN where it cannot be told),
        learning_rate (of the last step), seconds, images_per_second (training, without compiling),
        memory_mb (the most held so far).

    Raises
    ------
    Stopped
        If it was cancelled before the first epoch was done; later, the best so far is kept.
    TrainingError
        If the loss is no number any more, memory runs out, the state cannot be written, or the one
        that is there belongs to another fit. States that were written before are still there.
    """
    half = half_precision_kind() if recipe.mixed_precision else None
    key = state_key(recipe, (*pixels.shape, str(half)), labels, patients, split)
    side = recipe.input_size if settings.views else pixels.shape[2]
    size = f"{settings.batch_size} images of {side}×{side} px"
    with (
        beside(network),
        half_precision(network, half),
        _all_learning_afterwards(network),
        _memory_errors_in_words(size),
    ):
        material = make_material(network, recipe, settings, pixels, labels, patients, split)
        state = load_state(watch.checkpoints, key) if watch.checkpoints else None
        progress = state.progress if state else Progress()
        if state:
            assign(variables_of(material.model), state.variables)
        phases = plan_phases(network, recipe, settings)
        try:
            _fit_phases(network, material, phases, progress, state, watch, key)
        except Stopped as stopped:
            if not progress.history:
                raise Stopped(
                    "The run was cancelled before its first epoch was done: nothing to keep. "
                    "Start it again, or resume it."
                ) from stopped
        network.set_weights(progress.best)
    return pd.DataFrame(progress.history)


def _fit_phases(
    network: keras.Model,
    material: Material,
    phases: list[Phase],
    progress: Progress,
    state: State | None,
    watch: Watch,
    key: Key,
) -> None:
    for number in range(progress.phase, len(phases)):
        phase = phases[number]
        if number > progress.phase:
            progress.next_phase()
            network.set_weights(progress.best)
        thaw(network, phase)
        optimiser = compile_phase(material, phase)
        if state and number == state.progress.phase:
            assign(optimiser.variables, state.optimiser)
        state = None
        later = sum(phase.epochs for phase in phases[number + 1 :])
        while not progress.over(phase, material.settings):
            row = fit_epoch(material, phase, progress, later, watch)
            if progress.add(row, material.settings):
                progress.best = network.get_weights()
            # Told first: an epoch that is told twice does less harm than one that is never told.
            watch.epoch(row)
            if watch.checkpoints:
                values = [values_of(variables_of(material.model)), values_of(optimiser.variables)]
                save_state(watch.checkpoints, key, State(progress, *values))


def logits_of(
    network: keras.Model,
) -> Callable[[NDArray[np.uint8]], NDArray[np.float64]]:
    """Return what gives the logits (N, K) of pixels; a sigmoid's single logit z becomes (0, z).

    As many images are answered at once as elsewhere.

    Each that is returned is compiled anew at its first call: ask once.
    """
    until_logits = keras.Model(network.inputs, network.get_layer("logits").output)

    def logits(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        size = batch_of(*pixels.shape[1:3])
        starts = range(0, len(pixels), size)
        batches = [until_logits.predict_on_batch(pixels[i : i + size]) for i in starts]
        stacked = np.concatenate(batches).astype(np.float64)
        if stacked.shape[1] == 1:
            stacked = np.hstack([np.zeros_like(stacked), stacked])
        return stacked

    return logits


def variables_of(model: keras.Model) -> list[keras.Variable]:
    """Weights, statistics and states of random generators, without what metrics gather."""
    metrics = {id(variable) for variable in model.metrics_variables}
    return [variable for variable in model.variables if id(variable) not in metrics]


def values_of(variables: list[keras.Variable]) -> list[NDArray]:
    """The values that variables have now."""
    return [np.asarray(keras.ops.convert_to_numpy(variable)) for variable in variables]


def assign(variables: list[keras.Variable], values: list[NDArray]) -> None:
    """Give variables the values that they had."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


@contextmanager
def _all_learning_afterwards(network: keras.Model) -> Iterator[None]:
    """Leave no layer frozen: a package's network is the same however it was trained."""
    try:
        yield
    finally:
        for name in backbone_layers(network):
            network.get_layer(name).trainable = True


@contextmanager
def _memory_errors_in_words(batch: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingError(
            f"There is not enough memory for a step of {batch}. Halve train.batch_size, or "
            "choose a smaller input_size or network. Finished epochs are kept."
        ) from error
