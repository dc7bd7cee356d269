"""CancerNet: convolution blocks for the 50×50 patches of the IDC data set."""

from typing import Any

import keras

from core.architectures.convolution import batch_norm, convolve, scale
from core.architectures.head import fully_connected


def cancernet(pixels: Any) -> Any:
    """Three blocks of two convolutions, pooling and dropout; then one dense layer.

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
    for block, filters in enumerate((32, 64, 128), start=1):
        for number in (1, 2):
            x = convolve(x, filters, 3, f"block{block}_conv{number}")
            x = batch_norm(x, f"block{block}_norm{number}")
        x = keras.layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
        x = keras.layers.Dropout(0.25, name=f"block{block}_dropout")(x)
    return fully_connected(x, (256,), dropout=0.5)
