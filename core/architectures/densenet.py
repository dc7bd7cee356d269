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
    return pooled(_backbone(pixels, weights).output, dropout=0.2)


def densenet121_block2(pixels: Any, weights: Path | str | None) -> Any:
    """DenseNet121 up to the end of its second dense block, global average pooling and dropout.

    Where patients are few: texture and colour at a fine grain carry over to a new patient better
    than what the later blocks describe (`benchmarks/breakhis.py`), with 1.4 million weights.

    Parameters
    ----------
    pixels
        Keras tensor (N, h, w, 3) in [0, 255], sides of 32 pixels or more.
    weights
        As `core.architectures.build` takes them; those of DenseNet121.

    Returns
    -------
    KerasTensor
        (N, 512) features for the logits.
    """
    backbone = _backbone(pixels, weights)
    return pooled(backbone.get_layer("pool3_relu").output, dropout=0.2)


def densenet121_block3(pixels: Any, weights: Path | str | None) -> Any:
    """DenseNet121 up to the end of its third dense block, global average pooling and dropout.

    For small patches: what tells them apart is texture, the last block describes whole objects,
    and the map stays twice as fine. On IDC patches of left-out patients it ranks better with 4.3
    instead of 7 million weights (`benchmarks/backbones.py`).

    Parameters
    ----------
    pixels
        Keras tensor (N, h, w, 3) in [0, 255], sides of 32 pixels or more.
    weights
        As `core.architectures.build` takes them; those of DenseNet121.

    Returns
    -------
    KerasTensor
        (N, 1024) features for the logits.
    """
    backbone = _backbone(pixels, weights)
    return pooled(backbone.get_layer("pool4_relu").output, dropout=0.2)


def _backbone(pixels: Any, weights: Path | str | None) -> Any:
    constructor = keras.applications.DenseNet121
    backbone = constructor(include_top=False, weights=None, input_tensor=standardise(pixels))
    load_backbone(backbone, "densenet121", constructor, weights)
    return backbone
