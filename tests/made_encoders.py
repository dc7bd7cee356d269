"""Small graphs as others export them, and encoders made of them; what they compute is known."""

from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino import opset13 as operations

from core.encoders.add import About, add_encoder
from core.encoders.card import Preparation
from core.encoders.shelf import Encoder

SIZE = 32
MEAN, DEVIATION = (0.7, 0.5, 0.6), (0.2, 0.3, 0.25)


def preparation(**changes: object) -> Preparation:
    values = {"height": SIZE, "width": SIZE, "mean": MEAN, "deviation": DEVIATION}
    return Preparation(**(values | changes))


def about(name: str = "toy", **changes: object) -> About:
    values = {
        "name": name,
        "title": "Toy",
        "source": "https://example.org/toy",
        "licence": "MIT",
        "commercial": "allowed",
        "citation": "Nobody (2026). A toy.",
        "input": preparation(),
    }
    return About(**(values | changes))


def added(folder: Path, name: str = "toy", **changes: object) -> Encoder:
    """A convolutional encoder of 24 features, added."""
    return add_encoder(convolutional(folder / "toy.xml"), about(name, **changes))


def kernels(seed: int = 1) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of the convolutional graph: (8, 3, 4, 4) and (24, 8, 2, 2)."""
    random = np.random.default_rng(seed)
    first = random.normal(0, 0.2, (8, 3, 4, 4)).astype(np.float32)
    return first, random.normal(0, 0.2, (24, 8, 2, 2)).astype(np.float32)


def convolutional(path: Path, pooled: bool = True, batch: int = -1, seed: int = 1) -> Path:  # noqa: FBT001, FBT002
    """Two convolutions with ReLU, 4×4 places, then their mean; (N, 3, 32, 32)."""
    pixels = operations.parameter([batch, 3, SIZE, SIZE], np.float32, name="x")
    values = pixels
    for kernel in kernels(seed):
        step = list(kernel.shape[2:])
        values = operations.relu(
            operations.convolution(values, kernel, step, [0, 0], [0, 0], [1, 1])
        )
    if pooled:
        values = operations.reduce_mean(values, np.array([2, 3], np.int64), False)  # noqa: FBT003
    return _saved([values], [pixels], path)


def transformer(path: Path, output: str = "tokens", tokens: int = 16) -> Path:
    """Sixteen tokens of 4×4 places after a class token, which attends to them once."""
    random = np.random.default_rng(2)
    pixels = operations.parameter([-1, 3, SIZE, SIZE], np.float32, name="x")
    kernel = random.normal(0, 0.1, (12, 3, 8, 8)).astype(np.float32)
    values = operations.convolution(pixels, kernel, [8, 8], [0, 0], [0, 0], [1, 1])
    values = operations.reshape(values, np.array([0, 12, 16], np.int64), True)  # noqa: FBT003
    values = operations.transpose(values, np.array([0, 2, 1], np.int64))
    if tokens < 16:
        far = np.array([tokens], np.int64)
        one = np.array([1], np.int64)
        values = operations.slice(values, np.array([0], np.int64), far, one, one)
    before, none = np.array([0, 1, 0], np.int64), np.array([0, 0, 0], np.int64)
    values = operations.pad(values, before, none, "constant", np.float32(0.1))
    weights = operations.softmax(operations.matmul(values, values, False, True), 2)  # noqa: FBT003
    values = operations.add(values, operations.matmul(weights, values, False, False))  # noqa: FBT003
    if output == "class token":
        values = operations.gather(values, np.int64(0), np.int64(1))
    return _saved([values], [pixels], path)


def constant(path: Path) -> Path:
    """Gives the same features whatever it is shown."""
    pixels = operations.parameter([-1, 3, SIZE, SIZE], np.float32, name="x")
    mean = operations.reduce_mean(pixels, np.array([2, 3], np.int64), False)  # noqa: FBT003
    return _saved(
        [operations.add(operations.multiply(mean, np.float32(0)), np.float32(1))], [pixels], path
    )


def by_the_batch(path: Path) -> Path:
    """Takes the mean over the images beside it away, as batch normalisation in training does."""
    pixels = operations.parameter([-1, 3, SIZE, SIZE], np.float32, name="x")
    mean = operations.reduce_mean(pixels, np.array([2, 3], np.int64), False)  # noqa: FBT003
    beside = operations.reduce_mean(mean, np.array([0], np.int64), True)  # noqa: FBT003
    return _saved([operations.subtract(mean, beside)], [pixels], path)


def two_outputs(path: Path) -> Path:
    pixels = operations.parameter([-1, 3, SIZE, SIZE], np.float32, name="x")
    axes = np.array([2, 3], np.int64)
    mean = operations.result(operations.reduce_mean(pixels, axes, False))  # noqa: FBT003
    most = operations.result(operations.reduce_max(pixels, axes, False))  # noqa: FBT003
    mean.output(0).get_tensor().set_names({"mean"})
    most.output(0).get_tensor().set_names({"most"})
    model = openvino.Model([mean, most], [pixels], "two")
    openvino.save_model(model, path, compress_to_fp16=False)
    return path


def by_hand(squares: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Places of the convolutional encoder, (N, 4, 4, 24), in NumPy alone."""
    values = (squares / 255 - np.array(MEAN)) / np.array(DEVIATION)
    values = values.transpose(0, 3, 1, 2)
    for kernel in kernels():
        side = kernel.shape[2]
        number, channels, height, width = values.shape
        parts = values.reshape(number, channels, height // side, side, width // side, side)
        values = np.maximum(np.einsum("nchiwj,dcij->ndhw", parts, kernel), 0)
    return values.transpose(0, 2, 3, 1).astype(np.float32)


def squares(number: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (number, SIZE, SIZE, 3), dtype=np.uint8)


def _saved(outputs: list[object], inputs: list[object], path: Path) -> Path:
    openvino.save_model(openvino.Model(outputs, inputs, "made"), path, compress_to_fp16=False)
    return path
