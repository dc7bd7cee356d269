from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from core.architectures import backbone_layers, build, heatmap_layer
from core.architectures.catalogue import CATALOGUE
from core.architectures.explainable import convolutional_layers
from core.errors import ArchitectureError
from tests.networks import EVERY_NETWORK, FEW_NETWORKS

SIZE = 64


def patches(size: int = SIZE) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("name", FEW_NETWORKS)
def test_model_is_flat_and_answers_the_same_after_saving_and_loading(
    name: str, tmp_path: Path
) -> None:
    model = build(name, (SIZE, SIZE, 3), 3)
    answer = model(patches(), training=False).numpy()
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras.models.load_model(path, safe_mode=True, compile=False)

    assert answer.shape == (2, 3)
    assert answer.dtype == np.float32
    np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(loaded(patches(), training=False).numpy(), answer, atol=1e-6)
    for layer in loaded.layers:
        assert not isinstance(layer, keras.Model | keras.layers.Lambda)
        assert type(layer).__module__.startswith("keras.")
    assert [layer.name for layer in loaded.layers[-2:]] == ["logits", "probabilities"]
    assert loaded.name == name
    assert heatmap_layer(loaded) == heatmap_layer(name)
    assert heatmap_layer(name) in convolutional_layers(loaded)
    height, width = loaded.get_layer(heatmap_layer(loaded)).output.shape[1:3]
    assert height == width >= 2
    assert backbone_layers(loaded) == backbone_layers(model)


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY_NETWORK)
def test_builds_at_its_smallest_size_with_one_sigmoid_output(name: str) -> None:
    side = CATALOGUE[name].minimum_size
    model = build(name, (side, side + 3, 3), 2, "sigmoid")
    pixels = np.zeros((1, side, side + 3, 3), np.uint8)
    answer = model(pixels, training=False).numpy()
    assert answer.shape == (1, 1)
    assert 0 <= answer[0, 0] <= 1


def test_uint8_and_float_pixels_give_the_same_answer() -> None:
    model = build("cancernet", (SIZE, SIZE, 3), 2)
    as_float = model.predict(patches().astype(np.float32), verbose=0)
    np.testing.assert_array_equal(model.predict(patches(), verbose=0), as_float)


def test_probabilities_stay_float32_in_mixed_precision() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = build("cnn3", (32, 32, 3), 2)
    finally:
        keras.config.set_dtype_policy("float32")
    assert model(patches(size=32), training=False).dtype == np.float32
    assert model.get_layer("conv1").compute_dtype == "float16"


@pytest.mark.parametrize("name", ["alexnet", "cancernet", "cnn4"])
def test_batch_norm_of_our_own_networks_settles_within_short_runs(name: str) -> None:
    model = build(name, (SIZE, SIZE, 3), 2)
    momenta = {
        layer.momentum
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    }
    assert momenta == {0.9}


def test_alexnet_uses_the_published_stride_where_the_image_allows_it() -> None:
    assert build("alexnet", (224, 224, 3), 2).get_layer("conv1").strides == (4, 4)
    assert build("alexnet", (50, 50, 3), 2).get_layer("conv1").strides == (2, 2)


def test_a_loaded_backbone_can_be_frozen_by_layer_name(tmp_path: Path) -> None:
    build("mobilenetv2", (32, 32, 3), 2).save(tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras", compile=False)
    for name in backbone_layers(model):
        model.get_layer(name).trainable = False
    assert [weight.path for weight in model.trainable_weights] == ["logits/kernel", "logits/bias"]
    last_block = [name for name in backbone_layers(model) if name.startswith("block_16")]
    assert last_block
    assert backbone_layers(model)[-1] == "out_relu"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("lenet", (50, 50, 3), 2), ["'lenet'", "densenet121"]),
        (("alexnet", (20, 50, 3), 2), ["(20, 50, 3)", "at least 32", "cancernet"]),
        (("vgg16", (50, 50), 2), ["(50, 50)", "(height, width, 3)", "(224, 224, 3)"]),
        (("vgg16", (50, 50, 1), 2), ["(50, 50, 1)", "(height, width, 3)"]),
        (("vgg16", (None, None, 3), 2), ["(None, None, 3)"]),
        (("cnn3", (50, 50, 3), 1), ["1 class", "at least 2", "sigmoid"]),
        (("cnn3", (50, 50, 3), 8, "sigmoid"), ["8 classes", "softmax"]),
        (("cnn3", (50, 50, 3), 2, "linear"), ["'linear'", "softmax"]),
        (("cnn3", (50, 50, 3), 2, "softmax", "imagenet"), ["no ImageNet weights", "densenet121"]),
    ],
)
def test_what_cannot_be_built_is_refused_in_words(
    arguments: tuple[Any, ...], words: list[str]
) -> None:
    with pytest.raises(ArchitectureError) as refusal:
        build(*arguments)
    for word in words:
        assert word in str(refusal.value)


def test_heatmap_layer_of_an_unknown_network_is_refused() -> None:
    with pytest.raises(ArchitectureError, match="no network named 'lenet'"):
        heatmap_layer("lenet")
