"""Which networks there are, and what is fixed for each of them."""

from dataclasses import dataclass
from typing import Any

from core.errors import ArchitectureError


@dataclass(frozen=True, slots=True)
class Architecture:
    """What is fixed for a network by its name.

    Attributes
    ----------
    title
        What people call it.
    module
        Module of this package that holds a function of the network's name.
    heatmap_layer
        Layer whose output heatmaps explain by default: the rectified features of the last
        convolutional stage.
    pretrained
        Whether ImageNet weights exist for it.
    minimum_size
        Shortest side of the input, in pixels, at which the network still can be built.
    """

    title: str
    module: str
    heatmap_layer: str
    pretrained: bool
    minimum_size: int = 32


CATALOGUE: dict[str, Architecture] = {
    "alexnet": Architecture("AlexNet", "alexnet", "conv5", pretrained=False),
    "cancernet": Architecture(
        "CancerNet", "cancernet", "block3_conv2", pretrained=False, minimum_size=16
    ),
    "cnn3": Architecture(
        "CNN, three convolutions", "cnn", "conv3", pretrained=False, minimum_size=16
    ),
    "cnn4": Architecture(
        "CNN, four convolutions", "cnn", "conv4", pretrained=False, minimum_size=16
    ),
    "vgg16": Architecture("VGG16", "vgg", "block5_conv3", pretrained=True),
    "vgg19": Architecture("VGG19", "vgg", "block5_conv4", pretrained=True),
    "resnet50": Architecture("ResNet50", "resnet", "conv5_block3_out", pretrained=True),
    "efficientnetb0": Architecture(
        "EfficientNetB0", "efficientnet", "top_activation", pretrained=True
    ),
    "mobilenetv2": Architecture("MobileNetV2", "mobilenet", "out_relu", pretrained=True),
    "densenet121": Architecture("DenseNet121", "densenet", "relu", pretrained=True),
    "densenet121_block2": Architecture(
        "DenseNet121 up to its second block", "densenet", "pool3_relu", pretrained=True
    ),
    "densenet121_block3": Architecture(
        "DenseNet121 up to its third block", "densenet", "pool4_relu", pretrained=True
    ),
}

NAMES: tuple[str, ...] = tuple(CATALOGUE)


def find(name: str) -> Architecture:
    """Look a network up by its name.

    Raises
    ------
    ArchitectureError
        If there is no network of that name; the message lists those there are.
    """
    try:
        return CATALOGUE[name]
    except KeyError:
        raise ArchitectureError(
            f"There is no network named {name!r}. Choose one of: {', '.join(NAMES)}."
        ) from None


def heatmap_layer(model_or_name: Any) -> str:
    """Name the layer that heatmaps explain by default.

    It is the output of the last convolutional stage after its activation, where Grad-CAM's
    weights are defined (Selvaraju et al. 2017, section 3). In networks with skip connections that
    is the end of the last block and not the convolution inside it, which holds only what the
    last block adds.

    Parameters
    ----------
    model_or_name
        A model that `build` made (also after saving and loading), or an architecture's name.

    Raises
    ------
    ArchitectureError
        If the name is not that of a network known here.
    """
    name = model_or_name if isinstance(model_or_name, str) else model_or_name.name
    return find(name).heatmap_layer
