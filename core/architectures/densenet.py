"""DenseNet (Huang et al. 2017)."""

from pathlib import Path
from typing import Any

import keras

from core.architectures.head import pooled
from core.architectures.pretrained import load_backbone
from core.architectures.scaling import standardise


def densenet121(pixels: Any, weights: Path | str | None) -> Any:
    """DenseNet121 without its top, global average pooling and dropout.

    Parameters
    ----------
    pixels
        Keras tensor (N, h, w, 3) in [0, 255], sides of 32 pixels or more.
    weights
        As `core.architectures.build` takes them.

    Returns
    -------
    KerasTensor
        (N, 1024) features for the logits.
    """
    constructor = keras.applications.DenseNet121
    backbone = constructor(include_top=False, weights=None, input_tensor=standardise(pixels))
    load_backbone(backbone, "densenet121", constructor, weights)
    return pooled(backbone.output, dropout=0.2)
