"""The engine's graph in a package: what answers without TensorFlow, in the weights of its network.

`graph.npz` holds the network in OpenVINO's intermediate representation (operations as XML) and, for
each of its constants, which weight of `model.keras` it is; only constants that are none are kept as
they are. So the graph is small, and cannot have other weights than the network that it is of.
"""

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from core.architectures.explainable import convolutional_layers
from core.errors import PackageError
from core.registry.files import GRAPH_FILE, MODEL_FILE
from core.registry.intermediate import write_intermediate
from core.zip_files import open_zip

LOGITS, FEATURES, CLASS_MAPS = "logits", "features", "class_maps"
"""Names of the graph's outputs: (N, K) or (N, 1) raw outputs; (N, F) what the layer "logits" was
given; (N, h, w, K) the sum of the explained layer's channels, weighted for each class by the
gradient of its score. The last is there only where that gradient is the same for every input."""
MOST_BYTES = 64_000_000
_MOST_ARRAYS = 16
_SMALLEST = 256  # bytes of a constant that is looked for among the weights
_WEIGHTS = "model.weights.h5"
# How OpenVINO lays out kernels: of convolutions, of those of each channel by itself, of one pixel.
_ORDERS: dict[int, list[tuple[int, ...]]] = {
    2: [(0, 1), (1, 0)],
    4: [(0, 1, 2, 3), (3, 2, 0, 1), (2, 3, 0, 1), (0, 1, 3, 2)],
}


@dataclass(frozen=True)
class Graph:
    """A network for the engine."""

    read: Callable[[], Any]
    """Gives its openvino.Model; raises RuntimeError if OpenVINO refuses it."""
    bytes: int
    """Of its constants."""
    layer: str
    """Whose maps `CLASS_MAPS` rest on; empty where the graph has none."""
    layers: tuple[str, ...]
    """Every layer that a heatmap can explain, deepest last."""


def write_graph(model: Any, layer: str, folder: Path) -> bool:
    """Write the graph of a network beside its `model.keras`; return whether there is one.

    There is none under another Keras backend than TensorFlow.

    Parameters
    ----------
    model
        The flat Keras network that `model.keras` in the folder holds.
    layer
        The layer that heatmaps explain.
    folder
        Of the package.
    """
    import keras  # noqa: PLC0415 - takes seconds

    if keras.backend.backend() != "tensorflow":
        return False
    kernel = _kernel_after_pooling(model, layer)
    xml, constants = _intermediate(model, None if kernel is None else layer, kernel)
    sources, unsourced = _sources(xml, constants, folder / MODEL_FILE)
    with (folder / GRAPH_FILE).open("wb") as file:
        np.savez_compressed(
            file,
            xml=np.frombuffer(xml, np.uint8),
            size=np.int64(len(constants)),
            names=np.array([name for name, _ in sources.values()], np.str_),
            axes=np.array(["".join(map(str, axes)) for _, axes in sources.values()], np.str_),
            starts=np.array(list(sources), np.int64),
            rest=unsourced,
            layer=np.str_("" if kernel is None else layer),
            layers=np.array(convolutional_layers(model), np.str_),
        )
    return True


def read_graph(folder: Path) -> Graph:
    """Read the graph of a package whose files were verified.

    Raises
    ------
    PackageError
        If it is no graph, or its weights are not those of the network beside it.
    """
    import h5py  # noqa: PLC0415 - not needed to list models

    path = folder / GRAPH_FILE
    try:
        with open_zip(path, _MOST_ARRAYS) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > MOST_BYTES:
            raise PackageError(f"{path} is too large to be a graph. Restore the package.")
        with np.load(path, allow_pickle=False) as stored:
            held = {name: stored[name] for name in stored.files}
        with (
            zipfile.ZipFile(folder / MODEL_FILE) as archive,
            h5py.File(io.BytesIO(archive.read(_WEIGHTS)), "r") as file,
        ):
            weights = np.zeros(_size(held, file), np.uint8)
            unsourced = np.ones(len(weights), bool)
            for start, name, axes in zip(held["starts"], held["names"], held["axes"], strict=True):
                content = _bytes(file[str(name)][()], tuple(int(axis) for axis in str(axes)))
                weights[start : start + len(content)] = content
                unsourced[start : start + len(content)] = False
        weights[unsourced] = held["rest"]
        xml = held["xml"].tobytes()
        return Graph(
            lambda: _openvino_model(xml, weights),
            weights.nbytes,
            str(held["layer"]),
            tuple(str(name) for name in held["layers"]),
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise PackageError(f"{path} is damaged ({error}). Restore the package.") from error


def _openvino_model(xml: bytes, weights: NDArray[np.uint8]) -> Any:
    import openvino  # noqa: PLC0415 - a third of a second

    return openvino.Core().read_model(xml, openvino.Tensor(weights))


def _size(held: dict[str, Any], file: Any) -> int:
    """The constants' size, which cannot be more than the weights' and the rest's."""
    size, most = int(held["size"]), len(held["rest"])
    most += sum(file[str(name)].nbytes for name in held["names"])
    if not 0 <= size <= most:
        raise ValueError(f"{size:,} bytes of constants are stated, there are {most:,}")
    return size


def _kernel_after_pooling(model: Any, layer: str) -> NDArray[np.float32] | None:
    """The (channels, K) kernel of a network that only averages a layer's maps and then adds up.

    There the gradient of a class's score by a map is the same everywhere: its weight over the
    number of places. None for any other network.
    """
    from keras import layers  # noqa: PLC0415 - takes seconds

    last, averaged = model.get_layer("logits"), False
    if not isinstance(last, layers.Dense) or last.activation.__name__ != "linear":
        return None
    tensor, maps = last.input, model.get_layer(layer).output
    while tensor is not maps:
        operation = tensor._keras_history.operation  # noqa: SLF001 - Keras has no other way up
        if isinstance(operation, layers.GlobalAveragePooling2D) and not averaged:
            averaged = True
        elif not isinstance(operation, layers.Dropout):
            return None
        tensor = operation.input
    if not averaged:
        return None
    kernel = last.kernel.numpy()
    return np.concatenate([-kernel, kernel], axis=1) if kernel.shape[1] == 1 else kernel


def _intermediate(
    model: Any, layer: str | None, kernel: NDArray[np.float32] | None
) -> tuple[bytes, NDArray[np.uint8]]:
    """Freeze a network and have OpenVINO read it: its operations as XML, and its constants."""
    import keras  # noqa: PLC0415 - takes seconds
    import tensorflow as tf  # noqa: PLC0415

    last = model.get_layer("logits")
    outputs = [last.output, last.input] + ([model.get_layer(layer).output] if layer else [])
    joint = keras.Model(model.input, outputs)

    def answer(pixels: Any) -> dict[str, Any]:
        logits, features, *maps = joint(tf.cast(pixels, tf.float32), training=False)
        named = {LOGITS: logits, FEATURES: features}
        if maps and kernel is not None:
            places = maps[0].shape[1] * maps[0].shape[2]
            named[CLASS_MAPS] = tf.linalg.matmul(maps[0], tf.constant(kernel / places))
        return named

    with tempfile.TemporaryDirectory() as folder:
        xml, constants = write_intermediate(answer, model.input_shape[1:], tf.uint8, Path(folder))
        return xml.read_bytes(), np.fromfile(constants, np.uint8)


def _sources(
    xml: bytes, constants: NDArray[np.uint8], model_path: Path
) -> tuple[dict[int, tuple[str, tuple[int, ...]]], NDArray[np.uint8]]:
    """Find the constants among the network's weights: where each starts, its name and axes' order.

    Returns what was found, and the bytes of all others.
    """
    known = dict(_weights(model_path))
    sources: dict[int, tuple[str, tuple[int, ...]]] = {}
    unsourced = np.ones(len(constants), bool)
    for data in ET.fromstring(xml).iter("data"):  # noqa: S314 - OpenVINO wrote it just now
        start, size = int(data.get("offset", -1)), int(data.get("size", 0))
        if start < 0 or size < _SMALLEST:
            continue
        source = known.get(_digest(constants[start : start + size]))
        if source:
            sources[start] = source
            unsourced[start : start + size] = False
    return sources, constants[unsourced]


def _weights(model_path: Path) -> Iterator[tuple[bytes, tuple[str, tuple[int, ...]]]]:
    import h5py  # noqa: PLC0415 - not needed to list models

    with (
        zipfile.ZipFile(model_path) as archive,
        h5py.File(io.BytesIO(archive.read(_WEIGHTS)), "r") as file,
    ):
        names: list[str] = []
        file.visititems(
            lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None
        )
        for name in names:
            weight = file[name][()]
            if weight.nbytes < _SMALLEST:
                continue
            orders: list[tuple[int, ...]] = _ORDERS.get(weight.ndim, [tuple(range(weight.ndim))])
            for axes in orders:
                yield _digest(_bytes(weight, axes)), (name, axes)


def _digest(content: NDArray[np.uint8]) -> bytes:
    return hashlib.sha256(content.tobytes()).digest()


def _bytes(weight: NDArray[Any], axes: tuple[int, ...]) -> NDArray[np.uint8]:
    return np.frombuffer(np.ascontiguousarray(weight.transpose(axes)).tobytes(), np.uint8)
