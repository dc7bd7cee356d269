"""AlexNet (Krizhevsky, Sutskever & Hinton 2012), from 32×32 pixels up."""

from typing import Any

import keras

from core.architectures.convolution import batch_norm, convolve, scale
from core.architectures.head import fully_connected

SMALLEST_FOR_PUBLISHED_STRIDE = 96  # pixels: with stride 4 the fifth convolution then sees 5×5


def alexnet(pixels: Any) -> Any:
    """Five convolutions, overlapping max pooling, two dense layers of 4096 with dropout.

    Batch normalisation stands where the paper has local response normalisation. Below
    96 pixels the first convolution moves by 2 pixels and not by the published 4, so that the
    50×50 patches of the IDC data set still reach the fifth convolution as a 5×5 map.

    Parameters
    ----------
    pixels
        Keras tensor (N, h, w, 3) in [0, 255], sides of 32 pixels or more.

    Returns
    -------
    KerasTensor
        (N, 4096) features for the logits.
    """
    stride = 4 if min(pixels.shape[1:3]) >= SMALLEST_FOR_PUBLISHED_STRIDE else 2
    x = scale(pixels)
    x = convolve(x, 96, 11, "conv1", strides=stride)
    x = batch_norm(x, "norm1")
    x = keras.layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    x = convolve(x, 256, 5, "conv2")
    x = batch_norm(x, "norm2")
    x = keras.layers.MaxPooling2D(3, strides=2, name="pool2")(x)
    x = convolve(x, 384, 3, "conv3")
    x = convolve(x, 384, 3, "conv4")
    x = convolve(x, 256, 3, "conv5")
    x = keras.layers.MaxPooling2D(3, strides=2, name="pool5")(x)
    return fully_connected(x, (4096, 4096), dropout=0.5)
