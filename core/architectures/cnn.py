"""Plain networks of three and four convolutions."""

from typing import Any

import keras

from core.architectures.convolution import batch_norm, convolve, scale
from core.architectures.head import fully_connected


def cnn3(pixels: Any) -> Any:
    """Three convolutions, each with max pooling; then one dense layer.

    Parameters
    ----------
    pixels
        Keras tensor (N, h, w, 3) in [0, 255], sides of 16 pixels or more.

    Returns
    -------
    KerasTensor
        (N, 128) features for the logits.
    """
    x = scale(pixels)
    for number, filters in enumerate((32, 64, 128), start=1):
        x = convolve(x, filters, 3, f"conv{number}")
        x = keras.layers.MaxPooling2D(2, name=f"pool{number}")(x)
    return fully_connected(x, (128,), dropout=0.5)


def cnn4(pixels: Any) -> Any:
    """Four convolutions, each with batch normalisation and max pooling; then one dense layer.

    Parameters
    ----------
    pixels
        Keras tensor (N, h, w, 3) in [0, 255], sides of 16 pixels or more.

    Returns
    -------
    KerasTensor
        (N, 256) features for the logits.
    """
    x = scale(pixels)
    for number, filters in enumerate((32, 64, 128, 256), start=1):
        x = convolve(x, filters, 3, f"conv{number}")
        x = batch_norm(x, f"norm{number}")
        x = keras.layers.MaxPooling2D(2, name=f"pool{number}")(x)
    return fully_connected(x, (256,), dropout=0.5)
