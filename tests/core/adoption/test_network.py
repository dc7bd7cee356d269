"""Networks by others' habits become flat ones that answer the same and can be explained."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.adoption.foreign import Foreign, read_foreign
from core.adoption.inside import scales_itself
from core.adoption.network import build_flat, scalings_for
from core.architectures.explainable import convolutional_layers
from core.errors import PackageError
from core.explain.gradcam import GradCAM
from tests.core.adoption.habits import HABITS, SIDE, pictures, small
from tests.each_time import each_time

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=each_time(set(HABITS) - {"efficientnet"}, HABITS))
def habit(request: pytest.FixtureRequest) -> tuple[str, Any]:
    """The name of a habit, and a network by it."""
    import keras  # noqa: PLC0415

    keras.utils.set_random_seed(1)
    return request.param, HABITS[request.param][0]()


def saved(model: Any, path: Path) -> Foreign:
    model.save(path)
    return read_foreign(path)


def wanted(model: Any, pixels: np.ndarray, head: str, *, activated: bool) -> np.ndarray:
    """Probabilities (N, K) by Keras itself."""
    import keras  # noqa: PLC0415

    values = model.predict(pixels.astype(np.float32), verbose=0)
    if not activated:
        values = getattr(keras.activations, head)(values)
    values = np.asarray(values)
    return np.hstack([1 - values, values]) if head == "sigmoid" else values


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("suffix", each_time({".keras"}, (".keras", ".h5")))
def test_it_is_read_and_made_flat_with_the_same_answers(
    habit: tuple[str, Any], suffix: str, tmp_path: Path
) -> None:
    name, model = habit
    _, head, outputs, activated, last = HABITS[name]
    foreign = saved(model, tmp_path / f"theirs{suffix}")
    assert (foreign.side, foreign.head, foreign.outputs) == (SIDE, head, outputs)
    assert foreign.activated is activated
    network = build_flat(foreign, "pixels")
    right = wanted(model, pictures(), head, activated=activated)
    found = np.asarray(network.model(pictures().astype(np.float32), training=False))
    found = np.hstack([1 - found, found]) if head == "sigmoid" else found
    np.testing.assert_allclose(found, right, atol=1e-5)
    assert right.std(axis=0).max() > 1e-4, "its answers hang on the image"
    assert network.heatmap_layer.endswith(last)
    assert any("was added" in change for change in network.changes) is not activated
    assert not any(hasattr(layer, "layers") for layer in network.model.layers), "it is flat"
    assert [layer.name for layer in network.model.layers[-2:]] == ["logits", "probabilities"]
    assert sum(layer.weights for layer in network.layers) == network.model.count_params()


def test_every_layer_explains_it_as_keras_differentiates_it(
    habit: tuple[str, Any], tmp_path: Path
) -> None:
    import tensorflow as tf  # noqa: PLC0415

    foreign = saved(habit[1], tmp_path / "theirs.keras")
    network = build_flat(foreign, "pixels")
    layers = convolutional_layers(network.model)
    assert network.heatmap_layer in layers
    pixels = pictures(2)
    _, heatmaps = GradCAM(network.model, network.heatmap_layer)(pixels, 1)
    import keras  # noqa: PLC0415

    joint = keras.Model(
        network.model.input,
        [
            network.model.get_layer(network.heatmap_layer).output,
            network.model.get_layer("logits").output,
        ],
    )
    with tf.GradientTape() as tape:
        inputs = tf.constant(pixels.astype(np.float32))
        tape.watch(inputs)
        maps, logits = joint(inputs, training=False)
        score = logits[:, 0] if foreign.outputs == 1 else logits[:, 1]
    weights = tf.reduce_mean(tape.gradient(score, maps), axis=(1, 2), keepdims=True)
    expected = tf.nn.relu(tf.reduce_sum(maps * weights, axis=-1)).numpy()
    np.testing.assert_allclose(heatmaps, expected, rtol=1e-3, atol=1e-6)
    assert heatmaps.shape[1] > 0


@pytest.mark.parametrize(
    ("scaling", "prepared"),
    [
        ("unit", lambda x: x / 255),
        ("signed", lambda x: x / 127.5 - 1),
        (
            "imagenet",
            lambda x: (x / 255 - (0.485, 0.456, 0.406)) / np.array((0.229, 0.224, 0.225)),
        ),
        ("caffe", None),
    ],
)
def test_scaling_inside_is_that_of_keras(scaling: Any, prepared: Any, tmp_path: Path) -> None:
    import keras  # noqa: PLC0415

    model = small(3, None)
    pixels = pictures().astype(np.float32)
    if prepared is None:
        given = keras.applications.vgg16.preprocess_input(pixels.copy())
    else:
        given = prepared(pixels).astype(np.float32)
    right = wanted(model, given, "softmax", activated=False)
    network = build_flat(saved(model, tmp_path / "small.keras"), scaling)
    np.testing.assert_allclose(np.asarray(network.model(pixels)), right, atol=1e-5)


def test_the_classes_come_in_the_order_wished_for(tmp_path: Path) -> None:
    for outputs, activation in ((1, "sigmoid"), (2, "softmax")):
        model = small(outputs, activation)
        foreign = saved(model, tmp_path / f"of{outputs}.keras")
        right = wanted(model, pictures(), str(activation), activated=True)
        swapped = np.asarray(build_flat(foreign, "pixels", (1, 0)).model(pictures()))
        np.testing.assert_allclose(swapped[:, -1], right[:, 0], atol=1e-5)
        kept = np.asarray(build_flat(foreign, "pixels", (0, 1)).model(pictures()))
        np.testing.assert_allclose(kept[:, -1], right[:, 1], atol=1e-5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sequential", "× 0.00392"),
        pytest.param("efficientnet", "× 0.00392", marks=pytest.mark.exhaustive),
        ("mobilenet", "× 0.00784"),
        ("logits", "None"),
    ],
)
def test_preprocessing_inside_is_recognised(name: str, expected: str, tmp_path: Path) -> None:
    foreign = saved(HABITS[name][0](), tmp_path / f"{name}.keras")
    assert expected in str(scales_itself(build_flat(foreign, "pixels").model))


@pytest.mark.exhaustive
def test_blue_first_is_only_for_what_begins_with_a_convolution(tmp_path: Path) -> None:
    foreign = saved(HABITS["efficientnet"][0](), tmp_path / "efficientnet.keras")
    assert "caffe" not in scalings_for(build_flat(foreign, "pixels").model)
    with pytest.raises(PackageError, match="begin with a convolution"):
        build_flat(foreign, "caffe")


def test_a_network_of_any_size_gets_one(tmp_path: Path) -> None:
    import keras  # noqa: PLC0415

    model = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    foreign = saved(model, tmp_path / "any.keras")
    assert foreign.side is None
    assert build_flat(foreign, "unit", side=40).model.input_shape == (None, 40, 40, 3)
    assert build_flat(foreign, "unit").model.input_shape == (None, 224, 224, 3)


def test_one_network_nested_twice_keeps_both_apart(tmp_path: Path) -> None:
    import keras  # noqa: PLC0415

    def part(name: str) -> Any:
        inputs = keras.Input((SIDE, SIDE, 3))
        return keras.Model(inputs, keras.layers.Conv2D(3, 3, name="conv")(inputs), name=name)

    inputs = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Average()([part("left")(inputs), part("right")(inputs)])
    x = keras.layers.Dense(2, activation="softmax")(keras.layers.GlobalMaxPooling2D()(x))
    model = keras.Model(inputs, x)
    network = build_flat(saved(model, tmp_path / "twice.keras"), "pixels")
    assert {"conv", "right_conv"} <= {layer.name for layer in network.layers} or {
        "conv",
        "left_conv",
    } <= {layer.name for layer in network.layers}
    np.testing.assert_allclose(
        np.asarray(network.model(pictures())),
        wanted(model, pictures(), "softmax", activated=True),
        atol=1e-5,
    )


def refused(model: Any, tmp_path: Path) -> str:
    model.save(tmp_path / "refused.keras")
    with pytest.raises(PackageError) as caught:
        build_flat(read_foreign(tmp_path / "refused.keras"), "pixels")
    return str(caught.value)


def test_what_no_classifier_of_images_is_is_refused_in_words(tmp_path: Path) -> None:
    import keras  # noqa: PLC0415

    layers = keras.layers
    inputs = keras.Input((SIDE, SIDE, 3))
    maps = layers.Conv2D(4, 3, activation="relu")(inputs)
    pooled = layers.GlobalAveragePooling2D()(maps)

    def ending(*more: Any) -> Any:
        x = pooled
        for layer in more:
            x = layer(x)
        return keras.Model(inputs, x)

    for model, words in (
        (ending(layers.Dense(2, activation="sigmoid")), "expected a softmax"),
        (ending(layers.Dense(1, activation="tanh")), "expected one sigmoid"),
        (ending(layers.Dense(1, activation="softmax")), "expected one sigmoid"),
        (keras.Model(inputs, maps), "one number per class"),
        (keras.Model(inputs, [pooled, maps]), "1 inputs and 2 outputs"),
        (small(side=SIDE), ""),
    ):
        if words:
            assert words in refused(model, tmp_path)
    grey = keras.Input((SIDE, SIDE, 1))
    x = layers.Dense(1, activation="sigmoid")(layers.Flatten()(grey))
    assert "colour images" in refused(keras.Model(grey, x), tmp_path)
    oblong = keras.Input((SIDE, 96, 3))
    x = layers.Dense(1, activation="sigmoid")(layers.Flatten()(layers.Conv2D(2, 3)(oblong)))
    assert "needs a square input" in refused(keras.Model(oblong, x), tmp_path)
    x = layers.Dense(1, activation="sigmoid")(layers.Flatten()(inputs))
    assert "no convolutional layer" in refused(keras.Model(inputs, x), tmp_path)
    x = layers.Dropout(0.5)(pooled, training=True)
    chance = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    assert "training=True" in refused(chance, tmp_path)
