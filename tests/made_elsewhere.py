"""A network made elsewhere: an `.h5` file, as others hand it on."""

from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="session")
def made_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small, a sigmoid of 1, trained a little on made-up patches like those of `tiny_idc`.

    It wants colours from -1 to 1.
    """
    import keras  # noqa: PLC0415 - takes seconds

    random = np.random.default_rng(8)
    labels = np.arange(160) % 2
    tints = random.uniform(-25, 25, (160, 1, 1, 3))
    noise = np.stack(
        [
            random.normal(0, 25, (50 // grain, 50 // grain, 3)).repeat(grain, 0).repeat(grain, 1)
            for grain in np.where(labels, 5, 2)
        ]
    )
    squares = np.clip(190 - 30 * labels[:, None, None, None] + tints + noise, 0, 255)
    pixels = np.stack([cv2.resize(square.astype(np.uint8), (32, 32)) for square in squares])
    keras.utils.set_random_seed(4)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(8, 3, strides=2, activation="relu"),
            layers.Conv2D(8, 3, strides=2, activation="relu", name="last"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    model.fit(pixels / 127.5 - 1, labels, epochs=25, verbose=0)
    path = tmp_path_factory.mktemp("trained") / "theirs.h5"
    model.save(path)
    return path
