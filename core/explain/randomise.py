"""Weights drawn anew, from a network's last layer down (Adebayo et al. 2018, arXiv:1810.03292)."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def learnt_layers(model: Any) -> list[Any]:
    """Return a flat model's layers that hold something learnt, the last one first.

    Scaling of the pixels is no layer that learns, whatever its statistics.
    """
    import keras  # noqa: PLC0415 - importing this module must not wait for Keras

    fixed = (keras.layers.Rescaling, keras.layers.Normalization)
    return [
        layer for layer in reversed(model.layers) if layer.weights and not isinstance(layer, fixed)
    ]


def cascade(
    model: Any, stops: Sequence[int], inputs: NDArray[np.uint8], generator: np.random.Generator
) -> Iterator[int]:
    """Draw the weights of ever more layers anew, as before any training.

    Kernels come from He's normal distribution, which keeps signals of rectified networks alive
    (He et al. 2015), everything else from its usual start. Batch normalisation then takes its
    statistics from the inputs: with those of other weights, maps of deep networks would fade to
    nothing, and a map that is gone tells of numbers, not of the method.

    Parameters
    ----------
    model
        A flat keras.Model; whoever wants its weights back keeps them.
    stops
        After how many of `learnt_layers`, counted from the last one, to pause; ascending.
    inputs
        (N, H, W, 3) for the statistics.
    generator
        The same one draws the same weights.

    Yields
    ------
    int
        Each of `stops`, the model being random so far.
    """
    layers, done = learnt_layers(model), 0
    for stop in stops:
        for layer in layers[done:stop]:
            layer.set_weights(_draw(layer, generator))
        _see(model, {layer.name for layer in layers[:stop]}, inputs)
        done = stop
        yield stop


def _see(model: Any, drawn: set[str], inputs: NDArray[np.uint8]) -> None:
    """Give batch normalisation that was drawn anew the statistics of the inputs."""
    import keras  # noqa: PLC0415

    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    drops = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    rates = [drop.rate for drop in drops]
    for drop in drops:
        drop.rate = 0.0  # what is left to chance would make statistics of its own
    kept = [(norm.momentum, norm.trainable) for norm in norms]
    for norm in norms:
        # One that is not trainable runs as in prediction, and learns no statistics.
        norm.momentum, norm.trainable = 0.0, norm.name in drawn
    if any(norm.trainable for norm in norms):
        model(inputs.astype(np.float32), training=True)
    for norm, (momentum, trainable) in zip(norms, kept, strict=True):
        norm.momentum, norm.trainable = momentum, trainable
    for drop, rate in zip(drops, rates, strict=True):
        drop.rate = rate


def _draw(layer: Any, generator: np.random.Generator) -> list[NDArray[np.float32]]:
    import keras  # noqa: PLC0415

    # A depthwise kernel (h, w, channels, 1) sees one channel; any other all before its last axis.
    seen = 2 if isinstance(layer, keras.layers.DepthwiseConv2D) else -1
    drawn = []
    for weight in layer.weights:
        shape = tuple(weight.shape)
        if weight.name == "kernel":
            spread = np.sqrt(2 / np.prod(shape[:seen]))
            drawn.append(generator.normal(0, spread, shape).astype(np.float32))
        else:
            start = 1.0 if weight.name in {"gamma", "moving_variance"} else 0.0
            drawn.append(np.full(shape, start, np.float32))
    return drawn
