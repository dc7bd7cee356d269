"""ResNet (He et al. 2016)."""

from pathlib import Path
from typing import Any

import keras

from core.architectures.head import pooled
from core.architectures.pretrained import load_backbone
from core.architectures.scaling import subtract_mean


def resnet50(pixels: Any, weights: Path | str | None) -> Any:
    """ResNet50 without its top, global average pooling and dropout.

    Parameters
    ----------
    pixels
        Keras tensor (N, h, w, 3) in [0, 255], sides of 32 pixels or more.
    weights
        As `core.architectures.build` takes them.

    Returns
    -------
    KerasTensor
        (N, 2048) features for the logits.
    """
    constructor = keras.applications.ResNet50
    backbone = constructor(include_top=False, weights=None, input_tensor=subtract_mean(pixels))
    load_backbone(backbone, "resnet50", constructor, weights, bgr_kernel="conv1_conv")
    return pooled(backbone.output, dropout=0.2)
