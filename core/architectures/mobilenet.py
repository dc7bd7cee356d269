"""MobileNetV2 (Sandler et al. 2018)."""

from pathlib import Path
from typing import Any

import keras

from core.architectures.convolution import scale
from core.architectures.head import pooled
from core.architectures.pretrained import load_backbone


def mobilenetv2(pixels: Any, weights: Path | str | None) -> Any:
    """MobileNetV2 without its top, global average pooling and dropout.

    Parameters
    ----------
    pixels
        Keras tensor (N, h, w, 3) in [0, 255], sides of 32 pixels or more.
    weights
        As `core.architectures.build` takes them.

    Returns
    -------
    KerasTensor
        (N, 1280) features for the logits.
    """
    constructor = keras.applications.MobileNetV2
    backbone = constructor(include_top=False, weights=None, input_tensor=scale(pixels))
    load_backbone(backbone, "mobilenetv2", constructor, weights)
    return pooled(backbone.output, dropout=0.2)
