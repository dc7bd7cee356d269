"""Which layers of a network a heatmap can explain."""

from typing import Any

MAP_RANK = 4  # (N, h, w, c)


def convolutional_layers(model: Any) -> list[str]:
    """Name the layers that a heatmap can explain.

    Parameters
    ----------
    model
        A flat keras.Model.

    Returns
    -------
    list of str
        Layers whose output is a map (N, h, w, c), deepest last. Scaling and dropout are left out,
        and padding, whose map is shifted against the image, and squeezed maps beside the path.
    """
    import keras  # noqa: PLC0415 (importing this module must not wait for Keras)

    layers = keras.layers
    passive = (
        layers.InputLayer,
        layers.Rescaling,
        layers.Normalization,
        layers.ZeroPadding2D,
        layers.Dropout,
    )
    maps = [
        layer
        for layer in model.layers
        if len(layer.output.shape) == MAP_RANK and not isinstance(layer, passive)
    ]
    if not maps:
        return []
    height, width = maps[-1].output.shape[1:3]
    return [
        layer.name
        for layer in maps
        if layer.output.shape[1] >= height and layer.output.shape[2] >= width
    ]
