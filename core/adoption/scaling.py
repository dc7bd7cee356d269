"""The usual ways in which networks want colours, as layers of the graph and as plain arithmetic."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Scaling = Literal["unit", "signed", "pixels", "imagenet", "caffe"]

_IMAGENET = (np.array((0.485, 0.456, 0.406)) * 255, np.array((0.229, 0.224, 0.225)) * 255)
_CAFFE = np.array((123.68, 116.779, 103.939))


@dataclass(frozen=True, slots=True)
class InputScaling:
    """A scaling in words."""

    title: str
    used_by: str


SCALINGS: dict[Scaling, InputScaling] = {
    "unit": InputScaling("0 to 1", "rescale=1/255, ToTensor"),
    "signed": InputScaling("−1 to 1", "MobileNet, Inception, Xception"),
    "pixels": InputScaling("0 to 255, as they are", "EfficientNet, or scaled in the network"),
    "imagenet": InputScaling("ImageNet mean and deviation", "DenseNet, networks from PyTorch"),
    "caffe": InputScaling("ImageNet mean, blue first", "VGG, ResNet50"),
}
"""Every scaling; none is likelier than another before anything was tried."""


def scaled(pixels: NDArray[np.uint8], scaling: Scaling) -> NDArray[np.float32]:
    """RGB pixels (N, h, w, 3) in [0, 255] as a network of that scaling wants them."""
    values: NDArray[np.floating] = pixels.astype(np.float32)
    if scaling == "unit":
        values = values / 255
    elif scaling == "signed":
        values = values / 127.5 - 1
    elif scaling == "imagenet":
        values = (values - _IMAGENET[0]) / _IMAGENET[1]
    elif scaling == "caffe":
        values = (values - _CAFFE)[..., ::-1]
    return np.ascontiguousarray(values, dtype=np.float32)


def scale_layer(pixels: Any, scaling: Scaling) -> Any:
    """The same of a Keras tensor, but for "caffe", whose channels stay red first."""
    import keras  # noqa: PLC0415 - takes seconds

    from core.architectures.scaling import standardise, subtract_mean  # noqa: PLC0415 - Keras

    if scaling == "unit":
        return keras.layers.Rescaling(1 / 255, name="scaling")(pixels)
    if scaling == "signed":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling")(pixels)
    if scaling == "imagenet":
        return standardise(pixels)
    return subtract_mean(pixels) if scaling == "caffe" else pixels
