from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
from tf_keras_vis.utils.scores import BinaryScore, CategoricalScore

from core.architectures import build, heatmap_layer
from core.architectures.explainable import convolutional_layers
from core.errors import ArchitectureError
from core.explain.gradcam import GradCAM, normalise
from tests.core.explain.made_by_hand import red_finder, spots
from tests.networks import FEW_NETWORKS

SIZE = 64
# Layers that skip connections go round, where a network has them.
INNER = {
    "alexnet": "conv3",
    "cancernet": "block2_norm1",
    "cnn3": "pool1",
    "cnn4": "norm3",
    "vgg16": "block4_conv2",
    "vgg19": "block5_pool",
    "resnet50": "conv4_block3_2_conv",
    "efficientnetb0": "block5b_dwconv",
    "mobilenetv2": "block_11_depthwise",
    "densenet121": "conv4_block7_1_conv",
    "densenet121_block2": "conv2_block4_2_conv",
    "densenet121_block3": "conv3_block4_2_conv",
}


def images(count: int = 2, size: int = SIZE) -> NDArray[np.uint8]:
    """Noise on coarse blocks of colour: as in a tissue, every layer sees contrast."""
    random = np.random.default_rng(count)
    blocks = random.integers(0, 256, (count, 4, 4, 3)).repeat(16, axis=1).repeat(16, axis=2)
    noise = random.integers(-40, 41, blocks.shape)
    return np.clip(blocks + noise, 0, 255).astype(np.uint8)[:, :size, :size]


@cache
def model_of(name: str, head: str = "softmax", precision: str = "float32") -> keras.Model:
    """A random network whose batch normalisation has seen images, so that no map fades to 0."""
    keras.utils.set_random_seed(1)
    keras.config.set_dtype_policy(precision)
    try:
        model = build(name, (SIZE, SIZE, 3), 2 if head == "sigmoid" else 3, head)
    finally:
        keras.config.set_dtype_policy("float32")
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    model(images(8), training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    return model


def published(model: keras.Model) -> Callable[[str, Any], NDArray[np.float32]]:
    """The heatmaps of tf-keras-vis at the layer's resolution, not normalised."""
    gradcam = Gradcam(model, model_modifier=ReplaceToLinear(), clone=True)

    def heatmaps(layer: str, score: Any) -> NDArray[np.float32]:
        found = gradcam(
            score,
            images().astype(np.float32),
            penultimate_layer=layer,
            seek_penultimate_conv_layer=False,
            expand_cam=False,
            normalize_cam=False,
        )
        return np.asarray(found, np.float32)

    return heatmaps


def assert_same_heatmaps(mine: NDArray[np.float32], theirs: NDArray[np.float32]) -> None:
    assert mine.dtype == np.float32
    assert theirs.max() > 0
    np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-3 * theirs.max())
    np.testing.assert_allclose(normalise(mine), normalise(theirs), rtol=0, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", FEW_NETWORKS)
def test_equals_tf_keras_vis_before_and_after_reload(name: str, tmp_path: Path) -> None:
    # In double precision: in single, rounding switches rectified units of a random network on and
    # off, and the gradients of both programs stray from the true ones by up to a hundredth.
    model = model_of(name, precision="float64")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True, compile=False)
    probabilities = model(images(), training=False).numpy()
    theirs = published(model)
    for network, layer in ((model, INNER[name]), (loaded, heatmap_layer(name))):
        # In a random network nothing may count for a class: then another one is compared.
        index, expected = next(
            (index, maps)
            for index in (2, 0, 1)
            if (maps := theirs(layer, CategoricalScore(index))).max() > 0
        )
        logits, mine = GradCAM(network, layer)(images(), index)
        assert_same_heatmaps(mine, expected)
        softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(softmax, probabilities, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cancernet", "vgg16"])
def test_equals_tf_keras_vis_at_the_default_layer_in_single_precision(name: str) -> None:
    layer = heatmap_layer(name)
    _, heatmaps = GradCAM(model_of(name), layer)(images(), 1)
    assert_same_heatmaps(heatmaps, published(model_of(name))(layer, CategoricalScore(1)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["cancernet", "vgg16", pytest.param("resnet50", marks=pytest.mark.exhaustive)]
)
def test_sigmoid_head_explains_class_0_by_minus_the_logit(name: str) -> None:
    model = model_of(name, "sigmoid")
    layer = heatmap_layer(name)
    gradcam, theirs = GradCAM(model, layer), published(model)
    mine = []
    for class_index, positive in ((0, False), (1, True)):
        logits, heatmaps = gradcam(images(), class_index)
        assert logits.shape == (2, 1)
        mine.append(heatmaps)
        np.testing.assert_allclose(
            heatmaps, theirs(layer, BinaryScore(positive)), rtol=1e-3, atol=1e-5
        )
    assert max(heatmap.max() for heatmap in mine) > 0
    assert np.abs(mine[0] - mine[1]).max() > 0


def test_last_layer_before_pooling_gives_the_class_activation_map() -> None:
    # There Grad-CAM is the features weighted by the class's dense weights (Zhou et al. 2016).
    model = model_of("mobilenetv2")
    features = keras.Model(model.input, model.get_layer("out_relu").output)(images()).numpy()
    kernel = model.get_layer("logits").get_weights()[0]
    area = features.shape[1] * features.shape[2]
    _, heatmaps = GradCAM(model, "out_relu")(images(), 2)
    expected = np.maximum(features @ kernel[:, 2] / area, 0)
    np.testing.assert_allclose(heatmaps, expected, rtol=0, atol=1e-5 * expected.max())


@pytest.mark.parametrize("sigmoid", [False, True])
def test_each_class_is_explained_where_it_is(*, sigmoid: bool) -> None:
    # The network finds class 1 in the red square at the top left, class 0 in the blue one.
    gradcam = GradCAM(red_finder(sigmoid=sigmoid), "conv")
    for class_index, place in ((1, np.s_[4:12, 4:12]), (0, np.s_[20:28, 20:28])):
        _, (heatmap,) = gradcam(spots(), class_index)
        assert heatmap[place].min() > 0
        assert heatmap.sum() == pytest.approx(heatmap[place].sum())


def test_explains_the_predicted_class_unless_told_otherwise() -> None:
    gradcam = GradCAM(model_of("cnn4"), "conv4")
    many = images(12)
    logits, heatmaps = gradcam(many)
    predicted = logits.argmax(axis=1)
    assert len(set(predicted)) > 1
    for class_index in range(3):
        chosen = predicted == class_index
        np.testing.assert_allclose(heatmaps[chosen], gradcam(many, class_index)[1][chosen])


def test_frozen_layers_explain_the_same() -> None:
    model = keras.models.clone_model(model_of("cancernet"))
    model.set_weights(model_of("cancernet").get_weights())
    model.trainable = False
    _, frozen = GradCAM(model, "block3_conv2")(images(), 1)
    _, free = GradCAM(model_of("cancernet"), "block3_conv2")(images(), 1)
    assert free.max() > 0
    np.testing.assert_allclose(frozen, free, rtol=1e-5)


def test_an_image_is_explained_the_same_alone_and_in_a_batch_without_recompiling() -> None:
    gradcam = GradCAM(model_of("cnn4"), "conv4")
    logits, heatmaps = gradcam(images(5), 1)
    for number, image in enumerate(images(5)):
        alone = gradcam(image[np.newaxis].astype(np.float32), 1)
        np.testing.assert_allclose(alone[0][0], logits[number], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(alone[1][0], heatmaps[number], rtol=1e-3, atol=1e-5)
    assert gradcam._run.experimental_get_tracing_count() == 1


def test_lists_maps_of_the_image_deepest_last() -> None:
    layers = convolutional_layers(model_of("efficientnetb0"))
    assert layers[-1] == heatmap_layer("efficientnetb0")
    assert not [name for name in layers if "_se_reduce" in name or "pad" in name]
    assert not {"scaling", "rescaling", "normalization"} & set(layers)
    assert convolutional_layers(model_of("cnn3")) == [
        "conv1", "pool1", "conv2", "pool2", "conv3", "pool3",
    ]  # fmt: skip


@pytest.mark.parametrize("layer", ["logits", "pixels", "scaling", "conv9"])
def test_a_layer_without_a_map_is_refused(layer: str) -> None:
    with pytest.raises(ArchitectureError, match=f"'{layer}' of cnn3"):
        GradCAM(model_of("cnn3"), layer)


def test_wrong_inputs_are_refused() -> None:
    gradcam = GradCAM(model_of("cnn3"), "conv3")
    with pytest.raises(ArchitectureError, match=r"\(2, 50, 50, 3\).*\(64, 64, 3\)"):
        gradcam(images(size=50))
    with pytest.raises(ArchitectureError, match="class number 3; the model has 3 classes"):
        gradcam(images(), 3)


def test_normalise_stretches_each_map_by_itself() -> None:
    maps = np.array([[[1, 3], [2, 5]], [[0, 0], [0, 0]], [[7, 7], [7, 7]]], np.float32)
    expected = np.array([[[0, 0.5], [0.25, 1]], np.zeros((2, 2)), np.zeros((2, 2))])
    np.testing.assert_array_equal(normalise(maps), expected)
    np.testing.assert_array_equal(normalise(maps[0]), expected[0])


def test_normalise_keeps_what_has_no_value() -> None:
    nan = np.nan
    np.testing.assert_array_equal(normalise([[nan, 2], [4, 3]]), [[nan, 0], [1, 0.5]])
    np.testing.assert_array_equal(normalise([[nan, nan]]), [[nan, nan]])
