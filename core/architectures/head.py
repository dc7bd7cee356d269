"""Parts that several networks end with."""

from typing import Any

import keras


def pooled(features: Any, dropout: float) -> Any:
    """Average the features over the image, then drop some while training.

    Parameters
    ----------
    features
        Keras tensor (N, h, w, c).
    dropout
        Share of features dropped, in [0, 1).
    """
    x = keras.layers.GlobalAveragePooling2D(name="head_pool")(features)
    return keras.layers.Dropout(dropout, name="head_dropout")(x)


def fully_connected(features: Any, units: tuple[int, ...], dropout: float) -> Any:
    """Flatten the features and pass them through rectified layers, each with dropout.

    Parameters
    ----------
    features
        Keras tensor (N, h, w, c).
    units
        Width of each layer.
    dropout
        Share of each layer's outputs dropped while training, in [0, 1).
    """
    x = keras.layers.Flatten(name="head_flatten")(features)
    for number, width in enumerate(units, start=1):
        x = keras.layers.Dense(
            width,
            activation="relu",
            kernel_initializer="he_normal",
            name=f"head_dense{number}",
        )(x)
        x = keras.layers.Dropout(dropout, name=f"head_dropout{number}")(x)
    return x
