"""Files as Keras 2 (TensorFlow until 2.15) wrote them, which Keras 3 cannot read by itself."""

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from core.adoption.foreign import read_foreign
from core.adoption.network import build_flat
from core.errors import PackageError
from tests.core.adoption.habits import SIDE, pictures

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file"),
]


def layer(name: str, called: str, inputs: list[Any] | None, **config: Any) -> dict[str, Any]:
    return {
        "class_name": name,
        "config": {"name": called, "trainable": True, "dtype": "float32", **config},
        "name": called,
        "inbound_nodes": [] if inputs is None else inputs,
    }


def start(called: str) -> dict[str, Any]:
    shape = [None, SIDE, SIDE, 3]
    return {
        "class_name": "InputLayer",
        "config": {"batch_input_shape": shape, "dtype": "float32", "name": called},
        "name": called,
        "inbound_nodes": [],
    }


def operation(called: str, function: str, of: str, **named: Any) -> dict[str, Any]:
    made = layer("TFOpLambda", called, [[of, 0, 0, {**named, "name": None}]], function=function)
    return made | {"module": "tf_keras.src.layers.core.tf_op_layer"}


def calls(*names: str, call: int = 0) -> list[Any]:
    return [[[name, call, 0, {}] for name in names]]


CONVOLUTION = {"filters": 4, "kernel_size": [3, 3], "padding": "same", "activation": "relu"}
BASE = {
    "class_name": "Functional",
    "module": "tf_keras.src.engine.functional",
    "registered_name": "Functional",
    "name": "base",
    "config": {
        "name": "base",
        "layers": [
            start("input_1"),
            layer("Conv2D", "conv1/conv", calls("input_1"), **CONVOLUTION),
            layer("BatchNormalization", "conv1/bn", calls("conv1/conv"), axis=[3], epsilon=0.001),
            layer(
                "DepthwiseConv2D",
                "depthwise",
                calls("conv1/bn"),
                kernel_size=[3, 3],
                padding="same",
                groups=1,
                use_bias=False,
            ),
        ],
        "input_layers": [["input_1", 0, 0]],
        "output_layers": [["depthwise", 0, 0]],
    },
    # Keras 2 counts the making of the nested network as its first call.
    "inbound_nodes": [[["tf.math.subtract", 0, 0, {"training": False}]]],
}
CONFIG = {
    "class_name": "Functional",
    "config": {
        "name": "model",
        "layers": [
            start("input_2"),
            operation("tf.math.truediv", "math.truediv", "input_2", y=127.5),
            operation("tf.math.subtract", "math.subtract", "tf.math.truediv", y=1.0),
            BASE,
            operation("tf.__operators__.add", "__operators__.add", "pool", y=["pool", 0, 0]),
            layer("GlobalAveragePooling2D", "pool", calls("base", call=1)),
            layer("Dense", "dense", calls("tf.__operators__.add"), units=2, activation="linear"),
            operation("tf.nn.softmax", "nn.softmax", "dense"),
        ],
        "input_layers": [["input_2", 0, 0]],
        "output_layers": [["tf.nn.softmax", 0, 0]],
    },
}


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    random = np.random.default_rng(4)
    shapes = {
        "kernel": (3, 3, 3, 4),
        "bias": (4,),
        "gamma": (4,),
        "beta": (4,),
        "moving_mean": (4,),
        "depthwise_kernel": (3, 3, 4, 1),
        "dense_kernel": (4, 2),
        "dense_bias": (2,),
    }
    values = {name: random.normal(size=shape).astype("float32") for name, shape in shapes.items()}
    values["dense_kernel"] *= 0.05  # not all 0 or 1
    return values | {"moving_variance": random.uniform(0.5, 2, 4).astype("float32")}


def by_hand(weights: dict[str, np.ndarray], pixels: np.ndarray) -> np.ndarray:
    """The network's answer by TensorFlow's operations alone."""
    import tensorflow as tf  # noqa: PLC0415

    x = pixels.astype("float32") / 127.5 - 1
    x = tf.nn.relu(tf.nn.conv2d(x, weights["kernel"], 1, "SAME") + weights["bias"])
    x = tf.nn.batch_normalization(
        *(x, weights["moving_mean"], weights["moving_variance"]),
        *(weights["beta"], weights["gamma"], 0.001),
    )
    x = tf.nn.depthwise_conv2d(x, weights["depthwise_kernel"], [1, 1, 1, 1], "SAME")
    pooled = tf.reduce_mean(x, axis=(1, 2))
    values = 2 * pooled @ weights["dense_kernel"] + weights["dense_bias"]
    return np.asarray(tf.nn.softmax(values))


def write_h5(path: Path, weights: dict[str, np.ndarray]) -> Path:
    """As Keras 2 lays it out: a group a layer, the weights of a nested network in its group."""
    nested = {
        "conv1/conv/kernel:0": weights["kernel"],
        "conv1/conv/bias:0": weights["bias"],
        "conv1/bn/gamma:0": weights["gamma"],
        "conv1/bn/beta:0": weights["beta"],
        "depthwise/depthwise_kernel:0": weights["depthwise_kernel"],
        "conv1/bn/moving_mean:0": weights["moving_mean"],
        "conv1/bn/moving_variance:0": weights["moving_variance"],
    }
    dense = {"dense/kernel:0": weights["dense_kernel"], "dense/bias:0": weights["dense_bias"]}
    layers = {"input_2": {}, "base": nested, "pool": {}, "dense": dense}
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = json.dumps(CONFIG)
        file.attrs["training_config"] = json.dumps({"loss": "their_loss"})
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in layers]
        group.attrs["keras_version"] = b"2.15.0"
        group.attrs["backend"] = b"tensorflow"
        for name, values in layers.items():
            inner = group.create_group(name)
            inner.attrs["weight_names"] = [key.encode() for key in values]
            for key, value in values.items():
                inner.create_dataset(key, data=value)
    return path


def test_an_h5_answers_as_its_arithmetic_says(
    weights: dict[str, np.ndarray], tmp_path: Path
) -> None:
    foreign = read_foreign(write_h5(tmp_path / "old.h5", weights))
    network = build_flat(foreign, "pixels")
    right = by_hand(weights, pictures())
    np.testing.assert_allclose(np.asarray(network.model(pictures())), right, atol=1e-5)
    assert right.std(axis=0).max() > 1e-3
    assert network.heatmap_layer == "depthwise"
    kinds = [layer.kind for layer in network.layers]
    assert kinds[:3] == ["InputLayer", "Rescaling", "Rescaling"]


def field(number: int, content: bytes) -> bytes:
    """A field of a protocol buffer that holds bytes."""
    length, size = b"", len(content)
    while True:
        size, low = size >> 7, size & 0x7F
        length += bytes([low | (0x80 if size else 0)])
        if not size:
            return bytes([number << 3 | 2]) + length + content


def write_saved_model(folder: Path, weights: dict[str, np.ndarray]) -> Path:
    """What Keras 2 left in a SavedModel: its description, and weights by layer."""
    import tensorflow as tf  # noqa: PLC0415

    def of(**named: str) -> Any:
        values = {name: tf.Variable(weights[key]) for name, key in named.items()}
        return tf.train.Checkpoint(**values)

    def layers(*parts: Any) -> Any:
        named = {f"layer_with_weights-{number}": part for number, part in enumerate(parts)}
        return tf.train.Checkpoint(**named)

    moments = {name: name for name in ("gamma", "beta", "moving_mean", "moving_variance")}
    base = layers(
        of(kernel="kernel", bias="bias"), of(**moments), of(depthwise_kernel="depthwise_kernel")
    )
    model = layers(base, of(kernel="dense_kernel", bias="dense_bias"))
    model.write(str(folder / "variables" / "variables"))
    (folder / "saved_model.pb").write_bytes(b"never opened")
    described = json.dumps(CONFIG).encode()
    node = (
        b"\x10\x01"  # its number
        + field(3, b"root")
        + field(4, b"_tf_keras_network")
        + field(5, described)
    )
    other = field(3, b"root.layer-0") + field(4, b"_tf_keras_input_layer") + field(5, b"{}")
    (folder / "keras_metadata.pb").write_bytes(field(1, other) + field(1, node))
    return folder


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"model/{path.relative_to(folder)}")
    return target


def test_a_saved_model_is_built_of_its_description_and_never_run(
    weights: dict[str, np.ndarray], tmp_path: Path
) -> None:
    folder = write_saved_model(tmp_path / "saved", weights)
    foreign = read_foreign(zipped(folder, tmp_path / "saved.zip"))
    assert foreign.format == "saved model"
    network = build_flat(foreign, "pixels")
    np.testing.assert_allclose(
        np.asarray(network.model(pictures())), by_hand(weights, pictures()), atol=1e-5
    )


def test_a_saved_model_of_todays_keras_is_refused_in_words(tmp_path: Path) -> None:
    from tests.core.adoption.habits import small  # noqa: PLC0415

    small().export(tmp_path / "exported", verbose=False)
    with pytest.raises(PackageError, match=r"model\.save"):
        read_foreign(zipped(tmp_path / "exported", tmp_path / "exported.zip"))


def test_a_damaged_saved_model_is_refused_in_words(
    weights: dict[str, np.ndarray], tmp_path: Path
) -> None:
    folder = write_saved_model(tmp_path / "saved", weights)
    metadata = folder / "keras_metadata.pb"
    sound = metadata.read_bytes()
    for content, words in (
        (sound[:-20], "damaged"),
        (b"\xff\xff", "damaged"),
        (b"", "custom class"),
        (sound.replace(b"_tf_keras_network", b"_tf_keras_model__"), "custom class"),
        (sound.replace(b'"Dense"', b'"Dunce"'), "custom object Dunce"),
    ):
        metadata.write_bytes(content)
        with pytest.raises(PackageError, match=words):
            read_foreign(zipped(folder, tmp_path / "damaged.zip"))
    metadata.write_bytes(sound)
    for path in (folder / "variables").iterdir():
        path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(PackageError, match="weights of the SavedModel cannot be read"):
        read_foreign(zipped(folder, tmp_path / "damaged.zip"))
