"""What the ImageNet networks do to pixels first, as layers of the graph."""

from typing import Any

import keras

IMAGENET_MEAN = (0.485, 0.456, 0.406)  # red, green, blue of pixels in [0, 1]
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
CAFFE_MEAN = (123.68, 116.779, 103.939)  # red, green, blue of pixels in [0, 255]


def standardise(pixels: Any) -> Any:
    """Subtract ImageNet's mean colour and divide by its deviation ("torch" scaling)."""
    return keras.layers.Normalization(
        mean=[255 * mean for mean in IMAGENET_MEAN],
        variance=[(255 * deviation) ** 2 for deviation in IMAGENET_DEVIATION],
        name="scaling",
    )(pixels)


def subtract_mean(pixels: Any) -> Any:
    """Subtract ImageNet's mean colour ("caffe" scaling, with the channels left as RGB).

    The published weights want BGR: `pretrained.load_backbone` reorders their first kernel.
    """
    return keras.layers.Normalization(mean=CAFFE_MEAN, variance=(1.0, 1.0, 1.0), name="scaling")(
        pixels
    )
