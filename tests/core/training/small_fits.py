"""Twelve made-up patients, a tiny network and a recipe to fit it with."""

from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.split import Split
from core.training.fitting.fit import fit_network
from core.training.request.recipe import Recipe
from core.training.watch import Watch

LABELS = np.tile([0, 1], 30)
PATIENTS = np.repeat([f"p{i}" for i in range(12)], 5).astype(object)
_RANDOM = np.random.default_rng(0)
PIXELS = np.clip(
    90 + 60 * LABELS[:, None, None, None] + _RANDOM.normal(0, 40, (60, 16, 16, 3)), 0, 255
).astype(np.uint8)
SPLIT = Split("patient", 0, np.arange(0, 35), np.arange(35, 50), np.arange(50, 60))
# Validation patients contradict the others: what is learnt makes their loss grow.
CONTRARY = LABELS.copy()
CONTRARY[SPLIT.validation] = 1 - LABELS[SPLIT.validation]
# Figures of the clock and of the machine differ between any two runs.
CLOCK = ["seconds", "images_per_second", "memory_mb"]


def network(outputs: int = 1, *, dropout: float = 0.3) -> keras.Model:
    """Two convolutions with BatchNorm as base; a head with dropout."""
    keras.utils.set_random_seed(3)
    pixels = keras.Input((16, 16, 3), name="pixels")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling")(pixels)
    for number in (1, 2):
        x = keras.layers.Conv2D(4, 3, strides=2, name=f"conv{number}")(x)
        x = keras.layers.BatchNormalization(momentum=0.5, name=f"norm{number}")(x)
        x = keras.layers.ReLU(name=f"relu{number}")(x)
    x = keras.layers.GlobalAveragePooling2D(name="head_pool")(x)
    x = keras.layers.Dropout(dropout, name="head_dropout")(x)
    x = keras.layers.Dense(outputs, name="logits")(x)
    activation = "sigmoid" if outputs == 1 else "softmax"
    x = keras.layers.Activation(activation, name="probabilities", dtype="float32")(x)
    return keras.Model(pixels, x)


def recipe(
    train: dict[str, Any] | None = None, fine_tune: dict[str, Any] | None = None, **settings: Any
) -> Recipe:
    """A recipe that augments and balances, of four epochs of four steps each."""
    content: dict[str, Any] = {
        "name": "test",
        "title": "Test",
        "architecture": "mobilenetv2",
        "head": "sigmoid",
        "weights": "imagenet",
        "input_size": 32,  # the least that this architecture takes; it is the network that counts
        "balance": "class",
        "augmentation": {"flips": True, "stain": 0.1},
        "train": {"epochs": 4, "batch_size": 10, "patience": 9, "learning_rate": 0.01}
        | (train or {}),
    }
    return Recipe.model_validate(
        content | settings | ({"fine_tune": fine_tune} if fine_tune else {})
    )


def fit(
    given: keras.Model,
    chosen: Recipe,
    watch: Watch | None = None,
    split: Split = SPLIT,
    labels: NDArray[np.int64] = LABELS,
) -> pd.DataFrame:
    """Fit on the made-up patients."""
    assert chosen.train is not None
    return fit_network(
        given, chosen, chosen.train, PIXELS, labels, PATIENTS, split, watch or Watch()
    )


# Nothing is drawn at random but the order, every batch can be halved, and none is normalised by
# itself: any backend and any number of devices should come to the same.
EVEN = Split("patient", 0, np.arange(0, 28), np.arange(28, 42), np.arange(42, 60))
STILL = recipe(
    {"epochs": 3, "frozen_base": True, "batch_size": 14, "learning_rate": 0.05},
    augmentation={},
    balance="none",
)
