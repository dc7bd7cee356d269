"""SavedModels of Keras 2: the description of the network and its weights, never the stored graph.

A SavedModel is a graph of TensorFlow's operations, which may read and write files when it runs, and
which offers no layers to explain. What TensorFlow's Keras (until 2.15) saved also has Keras's own
description of the network (`keras_metadata.pb`) and its weights by layer (`variables/`). These two
are read; the graph is not even opened. Others, such as those of `model.export`, have no description
and are refused.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import PackageError
from core.registry.archive import MAX_BYTES, MAX_CONFIG_BYTES

METADATA = "keras_metadata.pb"
_ROOTS = frozenset({"_tf_keras_network", "_tf_keras_sequential"})
_OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"
_SAVE = (
    'Save the network itself where it was made: model.save("model.keras"), or model.save('
    '"model.h5").'
)
# Fields of the protocol buffer `SavedMetadata` and of the `SavedObject`s in it.
_NODES, _PATH, _IDENTIFIER, _CONTENT = 1, 3, 4, 5
# Weights that have another name in Keras 3.
_ELSE = {"kernel": "depthwise_kernel"}
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5


def config_of_saved_model(folder: Path) -> dict[str, Any]:
    """Return Keras's description of the network in a SavedModel folder.

    Raises
    ------
    PackageError
        If there is none, or it is damaged.
    """
    path = folder / METADATA
    if not path.is_file():
        raise PackageError(
            "This SavedModel holds a bare graph without Keras's description of the network, "
            "as model.export or tf.saved_model.save write it. Such a graph may read and "
            f"write files and cannot be explained, so it is not opened. {_SAVE}"
        )
    if path.stat().st_size > MAX_CONFIG_BYTES:
        raise PackageError("The SavedModel describes a network that is too large to be real.")
    try:
        for node in _fields(path.read_bytes()):
            content = dict(_fields(node[1])) if node[0] == _NODES else {}
            if content.get(_PATH) == b"root" and content.get(_IDENTIFIER, b"").decode() in _ROOTS:
                return _plain(json.loads(content[_CONTENT]))
    except (ValueError, KeyError, IndexError, RecursionError) as error:
        raise PackageError(f"{METADATA} in the SavedModel is damaged ({error}). {_SAVE}") from error
    raise PackageError(
        "This SavedModel is a custom class, not a Functional or Sequential network, so "
        f"building it would need its author's code. {_SAVE}"
    )


def take_weights(folder: Path, model: Any) -> None:
    """Fill a network that was built by the description with the weights of the SavedModel.

    Raises
    ------
    PackageError
        If weights are missing, damaged, too large or of another shape.
    """
    import tensorflow as tf  # noqa: PLC0415 - takes seconds
    from tensorflow.core.protobuf import trackable_object_graph_pb2  # noqa: PLC0415

    try:
        reader = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
        _refuse_large(reader.get_variable_to_shape_map())
        graph = trackable_object_graph_pb2.TrackableObjectGraph()
        graph.ParseFromString(reader.get_tensor(_OBJECTS))
        _fill(model, 0, graph.nodes, reader)
    except PackageError:
        raise
    except Exception as error:  # TensorFlow raises whatever a damaged file makes it trip over
        reason = str(error).strip().partition("\n")[0][:200]
        raise PackageError(
            f"The weights of the SavedModel cannot be read ({reason}). {_SAVE}"
        ) from error


def _refuse_large(shapes: Mapping[str, Sequence[int]]) -> None:
    total = sum(4 * math.prod(shape) for shape in shapes.values())
    if total > MAX_BYTES:
        raise PackageError(f"The network is too large: its weights take {total / 1e6:,.0f} MB.")


def _fill(model: Any, node: int, nodes: Any, reader: Any) -> None:
    """Give the layers of a model their weights; Keras 2 counts the layers that have any."""
    children = {child.local_name: child.node_id for child in nodes[node].children}
    weighted = [layer for layer in model.layers if layer.weights]
    for number, layer in enumerate(weighted):
        place = children[f"layer_with_weights-{number}"]
        if hasattr(layer, "layers"):
            _fill(layer, place, nodes, reader)
            continue
        ids = {child.local_name: child.node_id for child in nodes[place].children}
        for variable in layer.weights:
            name = variable.name if variable.name in ids else _ELSE[variable.name]
            (key,) = [value.checkpoint_key for value in nodes[ids[name]].attributes]
            variable.assign(reader.get_tensor(key))


def _fields(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of every field of a protocol buffer that holds bytes."""
    place = 0
    while place < len(content):
        tag, place = _varint(content, place)
        kind = tag & 7
        if kind == _VARINT:
            _, place = _varint(content, place)
        elif kind in {_EIGHT, _FOUR}:
            place += 8 if kind == _EIGHT else 4
        elif kind == _BYTES:
            length, place = _varint(content, place)
            if place + length > len(content):
                raise ValueError("it is cut off")
            yield tag >> 3, content[place : place + length]
            place += length
        else:
            raise ValueError("it is not a protocol buffer")


def _varint(content: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a number
            return value, place


def _plain(value: Any) -> Any:
    """Write tuples and shapes, which Keras 2 marked in JSON, as lists."""
    if isinstance(value, dict):
        if value.get("class_name") in {"__tuple__", "TensorShape"} and "items" in value:
            return _plain(value["items"])
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value
