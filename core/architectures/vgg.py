"""VGG (Simonyan & Zisserman 2015)."""

from pathlib import Path
from typing import Any

import keras

from core.architectures.head import fully_connected, pooled
from core.architectures.pretrained import load_backbone
from core.architectures.scaling import subtract_mean


def vgg16(pixels: Any, weights: Path | str | None) -> Any:
    """VGG16 without its top, and two fully connected layers of our own with dropout.

    Parameters
    ----------
    pixels
        Keras tensor (N, h, w, 3) in [0, 255], sides of 32 pixels or more.
    weights
        As `core.architectures.build` takes them.

    Returns
    -------
    KerasTensor
        (N, 128) features for the logits.
    """
    constructor = keras.applications.VGG16
    backbone = constructor(include_top=False, weights=None, input_tensor=subtract_mean(pixels))
    load_backbone(backbone, "vgg16", constructor, weights, bgr_kernel="block1_conv1")
    return fully_connected(backbone.output, (256, 128), dropout=0.5)


def vgg19(pixels: Any, weights: Path | str | None) -> Any:
    """VGG19 without its top, global average pooling and dropout.

    Parameters
    ----------
    pixels
        Keras tensor (N, h, w, 3) in [0, 255], sides of 32 pixels or more.
    weights
        As `core.architectures.build` takes them.

    Returns
    -------
    KerasTensor
        (N, 512) features for the logits.
    """
    constructor = keras.applications.VGG19
    backbone = constructor(include_top=False, weights=None, input_tensor=subtract_mean(pixels))
    load_backbone(backbone, "vgg19", constructor, weights, bgr_kernel="block1_conv1")
    return pooled(backbone.output, dropout=0.5)
