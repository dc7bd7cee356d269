"""The convolution that our own networks share."""

from typing import Any

import keras

BATCH_NORM_MOMENTUM = 0.9  # Keras' 0.99 leaves validation at chance for the first short epochs


def scale(pixels: Any) -> Any:
    """Bring pixels from [0, 255] to [-1, 1]."""
    return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling")(pixels)


def convolve(x: Any, filters: int, size: int, name: str, *, strides: int = 1) -> Any:
    """Convolve with zero padding and rectify.

    The rectifier is part of the layer, so that a heatmap of the layer explains rectified
    features.
    """
    return keras.layers.Conv2D(
        filters,
        size,
        strides=strides,
        padding="same",
        activation="relu",
        kernel_initializer="he_normal",
        name=name,
    )(x)


def batch_norm(x: Any, name: str) -> Any:
    """Batch normalisation that settles within a short run."""
    return keras.layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=name)(x)
