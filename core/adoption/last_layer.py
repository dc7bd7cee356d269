"""The last convolutional layer of a network, which heatmaps explain unless another is chosen."""

from typing import Any

from core.errors import PackageError

_MAP = 4
# What only changes the values of a map: after them the map is the rectified one.
_SAME_MAP = frozenset(
    {
        *("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "BatchNormalization", "Add"),
        *("Multiply", "Concatenate", "GroupNormalization", "LayerNormalization", "Dropout"),
        *("SpatialDropout2D", "Rescaling"),
    }
)
_NO_MAP = frozenset({"Dropout", "SpatialDropout2D"})


def last_convolutional(model: Any) -> str:
    """Name the output of the last convolutional stage, after its normalisation and activation.

    Grad-CAM's weights are defined there (Selvaraju et al. 2017, section 3); where connections skip
    the convolution it is the end of the block.

    Parameters
    ----------
    model
        A flat keras.Model.

    Raises
    ------
    PackageError
        If no convolution gives a map of the image.
    """
    import keras  # noqa: PLC0415 - takes seconds

    kinds = (
        keras.layers.Conv2D,
        keras.layers.DepthwiseConv2D,
        keras.layers.SeparableConv2D,
        keras.layers.Conv2DTranspose,
    )
    layers = model.layers
    names = [
        number
        for number, layer in enumerate(layers)
        if isinstance(layer, kinds) and min(layer.output.shape[1:3]) > 1
    ]
    if not names:
        raise PackageError(
            "The network has no convolutional layer with a map of the image, so no heatmap could "
            "explain it. Lobule takes convolutional networks."
        )
    last = layers[names[-1]]
    size = tuple(last.output.shape[1:3])
    for layer in layers[names[-1] + 1 :]:
        shape = tuple(layer.output.shape)
        if len(shape) != _MAP or shape[1:3] != size or type(layer).__name__ not in _SAME_MAP:
            break
        if type(layer).__name__ not in _NO_MAP:
            last = layer
    return str(last.name)
