"""Fit on other devices or another backend than the tests have; prints what came of it as JSON.

    KERAS_BACKEND=jax python tests/core/training/fitting/elsewhere.py FOLDER DEVICES

FOLDER has the starting weights (weights.npz). With two devices, TensorFlow takes the processor for
two, and both for graphics cards.
"""

import json
import sys
from importlib import import_module
from pathlib import Path

import keras
import numpy as np

from core.datasets.augmentation import Placement
from core.training.fitting import device
from core.training.fitting.fit import logits_of
from core.training.watch import Watch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
fitting = import_module("small_fits")  # a script does not see the tests as a package
FOLDER, DEVICES = Path(sys.argv[1]), int(sys.argv[2])
LIVELY = fitting.recipe(
    {"epochs": 2, "frozen_base": True, "schedule": "cosine", "warm_up_epochs": 1},
    {"epochs": 2, "layers": 1, "learning_rate": 0.01},
    # Placing images anew takes a minute to compile for each fit: that is tried once, by itself.
    augmentation={"stain": 0.1, "brightness": 0.1},
)


class Dies(Watch):
    """Ends the process, or so it looks, in the last epoch."""

    checkpoints = FOLDER / "states"

    def step(self, values: dict[str, float]) -> None:
        if values["epoch"] == values["epochs"]:
            raise KeyboardInterrupt


class Lives(Watch):
    """Goes on with what is there."""

    checkpoints = FOLDER / "states"


class Cancels(Watch):
    """Stops in the second epoch."""

    def __init__(self) -> None:
        self._epochs = 0

    def epoch(self, values: dict[str, float | str]) -> None:  # noqa: ARG002 (the interface)
        self._epochs += 1

    def cancelled(self) -> bool:
        return self._epochs == 1


def made(dropout: float) -> keras.Model:
    """The network with its starting weights, spread as training spreads it."""
    with device.spread():
        network = fitting.network(dropout=dropout)
    with np.load(FOLDER / "weights.npz") as file:
        network.set_weights(list(file.values()))
    return network


if DEVICES > 1:
    import tensorflow as tf

    (processor,) = tf.config.list_physical_devices("CPU")
    halves = [tf.config.LogicalDeviceConfiguration()] * DEVICES
    tf.config.set_logical_device_configuration(processor, halves)
    spread_over = tf.distribute.MirroredStrategy([f"CPU:{number}" for number in range(DEVICES)])
    device._strategy = lambda: spread_over

network = made(0.0)
answer: dict[str, object] = {
    "backend": keras.backend.backend(),
    "device": str(device.describe_device()),
    "replicas": network.distribute_strategy.num_replicas_in_sync if DEVICES > 1 else None,
    "still": fitting.fit(network, fitting.STILL, split=fitting.EVEN).to_dict("list"),
}
logits = logits_of(network)(fitting.PIXELS[fitting.EVEN.test])
network.save(FOLDER / "model.keras")
loaded = keras.models.load_model(FOLDER / "model.keras")
answer["logits"] = logits.tolist()
answer["loaded"] = logits_of(loaded)(fitting.PIXELS[fitting.EVEN.test]).tolist()

answer["lively"] = fitting.fit(made(0.3), LIVELY).drop(columns=fitting.CLOCK).to_dict("list")
try:
    fitting.fit(made(0.3), LIVELY, Dies())
except KeyboardInterrupt:
    resumed = fitting.fit(made(0.3), LIVELY, Lives())
    answer["resumed"] = resumed.drop(columns=fitting.CLOCK).to_dict("list")
answer["cancelled"] = fitting.fit(made(0.3), LIVELY, Cancels()).to_dict("list")
flipped = Placement(flips=True, zoom=0, shift=0, seed=1)
answer["placed"] = np.asarray(flipped(fitting.PIXELS[:8], training=True)).tolist()
sys.stdout.write(json.dumps(answer) + "\n")
