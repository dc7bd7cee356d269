"""Train for a few steps on made-up pixels, to tell how long a recipe takes on this device."""

import time
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.batch import batch_of
from core.datasets.split import Split
from core.encoders.features import FeatureNetwork
from core.encoders.shelf import Encoder
from core.training.fitting.device import describe_device
from core.training.fitting.fit import fit_network
from core.training.fitting.network import build_network
from core.training.fitting.upper import BATCH, learner_of
from core.training.judging.features import STRENGTHS, frozen_features
from core.training.planning.timing import Timing
from core.training.request.encoder import encoder_for
from core.training.request.recipe import ENCODER, Probe, Recipe, Train
from core.training.watch import Watch

_STEPS = 5
# A processor's time follows the number of pixels once there are many; a graphics card's does not.
_PIXELS_ON_PROCESSOR = 8 * 224**2
_PROBED = 128
_PROCESSOR = "this processor"
_VIEWS = 1 + len(STRENGTHS)  # that an encoder describes every image in


class _Clock(Watch):
    """Notes the time from the first to the last step of each epoch."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.stages: list[tuple[float, float]] = []
        self._first = 0.0

    def stage(self, name: str, done: float) -> None:  # noqa: ARG002 - there is but one
        self.stages.append((done, time.perf_counter()))

    def step(self, values: dict[str, float]) -> None:
        if values["step"] == 1:
            self._first = time.perf_counter()
        elif values["step"] == values["steps"]:
            self.seconds.append((time.perf_counter() - self._first) / (values["steps"] - 1))


def time_steps(recipe: Recipe, classes: int) -> Timing:
    """Time the steps that training would take, on noise.

    Raises
    ------
    LobuleError
        If the network cannot be had, or a step does not fit into memory.
    """
    if recipe.architecture == ENCODER:
        return _time_encoder(encoder_for(recipe))
    device = describe_device()
    network = build_network(recipe, classes)
    weight_bytes = sum(int(np.prod(weight.shape)) * 4 for weight in network.weights)
    if not recipe.train:
        seconds = _time_probe(network, recipe)
        return Timing(device=str(device), image_seconds=[seconds], weight_bytes=weight_bytes)
    batch = recipe.train.batch_size
    if device.kind == "cpu":
        batch = min(batch, max(1, _PIXELS_ON_PROCESSOR // recipe.input_size**2))
    return Timing(
        device=str(device),
        weight_bytes=weight_bytes,
        **_time_fit(network, recipe, recipe.train, batch, classes),
    )


def _time_fit(
    network: keras.Model, recipe: Recipe, train: Train, batch: int, classes: int
) -> dict[str, Any]:
    """What a `Timing` says of an image."""
    short = train.model_copy(
        update={
            "epochs": 1,
            "batch_size": batch,
            "schedule": "constant",
            "warm_up_epochs": 0,
            "views": min(train.views, 1),
        }
    )
    fine_tune = recipe.fine_tune.model_copy(update={"epochs": 1}) if recipe.fine_tune else None
    recipe = recipe.model_copy(update={"train": short, "fine_tune": fine_tune})
    images = max(batch * (_STEPS + 1), 2 * BATCH if short.views else 0)
    clock = _Clock()
    rows = np.arange(images)
    noise = _noise(images, recipe.input_size)
    with learner_of(network, recipe, short, noise, clock) as learner:
        fit_network(
            learner.network,
            learner.recipe,
            short,
            learner.pixels,
            rows % classes,
            rows.astype(str).astype(object),
            Split("patient", 0, rows[:-batch], rows[-batch:], rows[:0]),
            clock,
        )
        timing: dict[str, Any] = {"image_seconds": [seconds / batch for seconds in clock.seconds]}
        if short.views:
            timing["view_bytes"] = learner.pixels[0].nbytes
            timing["view_seconds"] = _each(clock.stages[:2], images)
    return timing


def _each(timings: list[tuple[float, float]], images: int) -> float:
    """Seconds an image, from the shares done at two times."""
    (before, begun), (after, ended) = timings
    return (ended - begun) / ((after - before) * images)


def _time_probe(network: keras.Model, recipe: Recipe) -> float:
    once = recipe.model_copy(update={"probe": Probe(passes=1, penalty=1.0)})
    timings: list[tuple[float, float]] = []

    def note(done: float) -> None:
        timings.append((done, time.perf_counter()))

    frozen_features(network, _noise(_PROBED, recipe.input_size), once, note)
    return _each(timings[-2:], _PROBED)


def _time_encoder(encoder: Encoder) -> Timing:
    """Features are kept: nothing else of it needs room on the disk."""
    network = FeatureNetwork(encoder)
    size = encoder.card.input
    images = _noise(batch_of(size.height, size.width), size.height)
    network(images[:1])
    started = time.perf_counter()
    network(images)
    seconds = (time.perf_counter() - started) / len(images)
    return Timing(device=_PROCESSOR, image_seconds=[seconds * _VIEWS], weight_bytes=0)


def _noise(images: int, size: int) -> NDArray[np.uint8]:
    random = np.random.default_rng(0)
    return random.integers(0, 256, (images, size, size, 3), dtype=np.uint8)
