"""EfficientNet (Tan & Le 2019)."""

from pathlib import Path
from typing import Any

import keras

from core.architectures.head import pooled
from core.architectures.pretrained import load_backbone
from core.architectures.scaling import IMAGENET_DEVIATION, IMAGENET_MEAN


def efficientnetb0(pixels: Any, weights: Path | str | None) -> Any:
    """EfficientNetB0 without its top, global average pooling and dropout.

    The published weights were trained on pixels standardised by ImageNet's mean and deviation.
    Keras' network divides by 255 itself and leaves the rest to a Normalization layer, whose
    state Keras loses when a model is cloned, and to a layer that it adds only for
    `weights="imagenet"`. Here a layer with fixed numbers does it, before Keras' division, and
    the Normalization layer is left to do nothing.

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
    scaled = keras.layers.Normalization(
        mean=[255 * mean for mean in IMAGENET_MEAN],
        variance=[deviation**2 for deviation in IMAGENET_DEVIATION],
        name="scaling",
    )(pixels)
    constructor = keras.applications.EfficientNetB0
    backbone = constructor(include_top=False, weights=None, input_tensor=scaled)
    inner = next(
        layer
        for layer in backbone.layers
        if isinstance(layer, keras.layers.Normalization) and layer.name != "scaling"
    )
    identity = inner.get_weights()
    load_backbone(backbone, "efficientnetb0", constructor, weights)
    inner.set_weights(identity)
    return pooled(backbone.output, dropout=0.2)
