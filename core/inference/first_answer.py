"""The first answers of somebody else's network, in a process that may take only so much memory.

A network of 20 KB can ask for a layer's output of 100 GB: nothing of it is large until it answers.
So its layers' outputs are added up first, of which nothing is run, and then it answers for the
first time where only that process can be lost (`core.limited`), as many inputs at once as it will.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from core.batch import batch_of
from core.errors import PackageError
from core.inference.classifier import compiled
from core.inference.engine import Engine
from core.registry.files import GRAPH_FILE, MODEL_FILE
from core.registry.graph import read_graph, write_graph
from core.registry.package import load_model, load_package

MOST_OUTPUT = 1_000_000_000
"""Bytes of one layer's output for a batch; VGG19's largest has 0.3 GB."""
MOST_KEPT = 6_000_000_000
"""Bytes of all outputs together, for the quarter of a batch that gradients are taken of at once."""
_GRADIENTS = 4
# What writes the engine's graph holds the weights several times.
_MOST_WEIGHTS = 100_000_000


def answer_package(folder: Path) -> None:
    """Load the network of a package and have it answer.

    Raises
    ------
    PackageError
        As `core.registry.package.load_model` and `answer` do.
    """
    package = load_package(folder)
    graph = GRAPH_FILE in package.card.files
    answer(load_model(package), package.model_path, package.card.heatmap_layer if graph else None)


def answer(model: Any, file: Path, layer: str | None) -> None:
    """Have a flat network answer one input and a batch, by TensorFlow and by the engine.

    Parameters
    ----------
    model
        The network, pixels in, with a layer "logits".
    file
        Its `.keras` file.
    layer
        The one that heatmaps explain; None where no engine will answer.

    Raises
    ------
    PackageError
        If a layer's output would be too large.
    """
    height, width = model.input_shape[1:3]
    refuse_heavy(model, height)
    inputs = [
        np.zeros((count, height, width, 3), np.uint8) for count in (1, batch_of(height, width))
    ]
    run = compiled(model)
    for pixels in inputs:
        run(pixels)
    if layer is None or 4 * model.count_params() > _MOST_WEIGHTS:
        return
    with TemporaryDirectory(prefix="lobule-") as work:
        folder = Path(work)
        (folder / MODEL_FILE).symlink_to(file.resolve())
        if write_graph(model, layer, folder):
            engine = Engine(read_graph(folder), keep=False)
            for pixels in inputs:
                engine.run(pixels)


def refuse_heavy(model: Any, side: int) -> None:
    """Refuse a network whose outputs would fill the memory; nothing of it is run.

    Parameters
    ----------
    model
        A Keras network, nested or not. Under another backend than TensorFlow nothing is known of
        the inside of its layers, and it passes.
    side
        Of its input, px.

    Raises
    ------
    PackageError
        Names the layer, what it takes and what it may.
    """
    import keras  # noqa: PLC0415 - takes seconds

    if keras.backend.backend() != "tensorflow":
        return
    batch = batch_of(side, side)
    outputs = list(_outputs(model, batch, side))
    operation, largest = max(outputs, key=lambda output: output[1])
    if largest > MOST_OUTPUT:
        raise PackageError(
            f"The layer {_layer_of(operation, model)!r} of the network would take "
            f"{largest / 1e9:,.1f} GB of memory for {batch} image{'s' * (batch > 1)} of {side} px; "
            f"at most {MOST_OUTPUT / 1e9:.0f} GB are accepted. Give it fewer channels or a "
            "smaller input."
        )
    total = sum(size for _, size in outputs)
    bytes_needed = total * max(1, batch // _GRADIENTS) / batch
    if bytes_needed > MOST_KEPT:
        raise PackageError(
            f"The layers of the network would take {bytes_needed / 1e9:,.1f} GB of memory together "
            f"when its answer is explained; at most {MOST_KEPT / 1e9:.0f} GB are accepted. Give it "
            "fewer layers or a smaller input."
        )


def _outputs(model: Any, batch: int, side: int) -> Iterator[tuple[str, int]]:
    """What the network works out on its way: the operation's name, and how many bytes it gives.

    Also what a layer keeps to itself, such as the channels between the two steps of a separable
    convolution. What has no size before it is run is left out.
    """
    import tensorflow as tf  # noqa: PLC0415 - takes seconds

    signature = tf.TensorSpec((batch, side, side, 3), tf.float32)
    traced = tf.function(lambda pixels: model(pixels, training=False), autograph=False)
    for operation in traced.get_concrete_function(signature).graph.get_operations():
        for output in operation.outputs:
            if output.shape.is_fully_defined():
                size = output.shape.num_elements() * output.dtype.size
                yield operation.name, size


def _layer_of(operation: str, model: Any) -> str:
    """The layer that an operation belongs to: "vgg19/block1_conv1_1/Relu" is of block1_conv1."""
    names = [layer.name for layer in model._flatten_layers()]  # noqa: SLF001 - nested ones, too
    for part in reversed(operation.split("/")[:-1]):
        matches = [name for name in names if re.fullmatch(rf"{re.escape(name)}(_\d+)?", part)]
        if matches:
            return max(matches, key=len)
    return operation
