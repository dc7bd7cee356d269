"""EfficientNet (Tan & Le 2019)."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from core.architectures.head import pooled
from core.architectures.pretrained import load_backbone
from core.architectures.scaling import IMAGENET_DEVIATION, IMAGENET_MEAN


def efficientnetb0(pixels: Any, weights: Path | str | None) -> Any:
    """EfficientNetB0 without its top, global average pooling and dropout.

    Keras' network brings its own scaling: division by 255, then a Normalization layer whose
    mean and variance are part of the weights (0 and 1 when random).

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
    constructor = keras.applications.EfficientNetB0
    backbone = constructor(include_top=False, weights=None, input_tensor=pixels)
    load_backbone(backbone, "efficientnetb0", constructor, weights)
    _set_scaling(backbone, pretrained=weights is not None)
    return pooled(backbone.output, dropout=0.2)


def _set_scaling(backbone: Any, *, pretrained: bool) -> None:
    """Make the Normalization layer divide by ImageNet's deviation.

    The published variance is in fact the deviation; Keras repairs that by one more layer, which
    divides by the root of the deviation, but only in the graph that it builds with
    `weights="imagenet"`. Put into the variance, the repair needs no layer.
    """
    normalization = next(
        layer for layer in backbone.layers if isinstance(layer, keras.layers.Normalization)
    )
    mean, variance, *count = normalization.get_weights()
    deviation = np.array(IMAGENET_DEVIATION, dtype=np.float32).reshape(variance.shape)
    if pretrained:
        variance = variance * deviation
    else:
        mean = np.array(IMAGENET_MEAN, dtype=np.float32).reshape(mean.shape)
        variance = deviation**2
    normalization.set_weights([mean, variance, *count])
    normalization.finalize_state()
