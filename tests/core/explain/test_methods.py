"""Every method on every architecture, and what a network made by hand must show."""

from collections.abc import Callable
from typing import Any

import cv2
import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr
from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
from tf_keras_vis.layercam import Layercam
from tf_keras_vis.saliency import Saliency
from tf_keras_vis.scorecam import Scorecam
from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
from tf_keras_vis.utils.scores import BinaryScore, CategoricalScore

from core.architectures import build, heatmap_layer
from core.errors import Stopped
from core.explain.gradcam import normalise
from core.explain.methods import score_cam, smooth_grad
from core.explain.methods.catalogue import METHODS, MethodName
from core.explain.methods.network import Network
from core.explain.methods.run import FUNCTIONS
from tests.core.explain.made_by_hand import red_finder, spots
from tests.each_time import each_time
from tests.networks import ONE_NETWORK

SIZE = 64
METHOD_NAMES: tuple[MethodName, ...] = tuple(METHODS)


def images(count: int = 1, size: int = SIZE) -> NDArray[np.uint8]:
    """Noise on coarse blocks of colour, so that every layer sees contrast."""
    random = np.random.default_rng(count)
    blocks = random.integers(0, 256, (count, 4, 4, 3)).repeat(16, axis=1).repeat(16, axis=2)
    noise = random.integers(-40, 41, blocks.shape)
    return np.clip(blocks + noise, 0, 255).astype(np.uint8)[:, :size, :size]


def model_of(name: str, head: str = "softmax", size: int = SIZE) -> keras.Model:
    """A random network whose batch normalisation has seen images, so that no map fades to 0."""
    keras.utils.set_random_seed(1)
    model = build(name, (size, size, 3), 2 if head == "sigmoid" else 3, head)
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    model(images(8, size), training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    return model


def run(
    network: Network, layer: str, method: MethodName, class_index: int = 1, count: int = 1
) -> NDArray[np.float32]:
    shares: list[float] = []
    size = network.model.input_shape[1]
    maps = FUNCTIONS[method](
        network, layer, images(count, size), class_index, shares.append, lambda: False
    )
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    return maps


@pytest.mark.slow
@pytest.mark.parametrize("name", ONE_NETWORK)
def test_every_method_explains_every_architecture(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_cam, "MOST_CHANNELS", 16)
    monkeypatch.setattr(smooth_grad, "SAMPLES", 4)
    # At 32 px the last maps of deep networks are one place, where every map is flat.
    network = Network(model_of(name), batch=16)
    for method in METHOD_NAMES:
        maps = run(network, heatmap_layer(name), method)
        assert maps.shape == (1, SIZE, SIZE), method
        assert maps.dtype == np.float32, method
        assert np.isfinite(maps).all(), method
        assert maps.min() == 0, method
        assert maps.max() == pytest.approx(1, abs=1e-6), method


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_sigmoid_head_explains_both_classes(method: MethodName) -> None:
    network = Network(model_of("cnn3", "sigmoid"), batch=16)
    negative, positive = (run(network, "conv3", method, index) for index in (0, 1))
    same = method == "smoothgrad"  # the size of the slope is that of the other class
    assert np.allclose(negative, positive, atol=1e-3) == same


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_several_inputs_are_explained_as_each_alone(method: MethodName) -> None:
    network = Network(model_of("cnn3"), batch=16)
    together = run(network, "conv3", method, count=3)
    for image, heatmap in zip(images(3), together, strict=True):
        alone = FUNCTIONS[method](
            network, "conv3", image[np.newaxis], 1, lambda _: None, lambda: False
        )
        np.testing.assert_allclose(alone[0], heatmap, atol=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "published"), [("gradcam++", GradcamPlusPlus), ("layercam", Layercam)]
)
@pytest.mark.parametrize("name", each_time({"cancernet"}, ("cancernet", "vgg16", "mobilenetv2")))
def test_maps_are_those_of_tf_keras_vis(
    method: MethodName, published: Callable[..., Any], name: str
) -> None:
    model, layer = model_of(name), heatmap_layer(name)
    theirs = published(model, model_modifier=ReplaceToLinear(), clone=True)(
        CategoricalScore(2),
        images().astype(np.float32),
        penultimate_layer=layer,
        seek_penultimate_conv_layer=False,
        expand_cam=False,
        normalize_cam=False,
    )
    mine = run(Network(model, batch=16), layer, method, 2)
    expected = normalise(cv2.resize(np.asarray(theirs)[0], (SIZE, SIZE)))
    np.testing.assert_allclose(mine[0], expected, atol=5e-3)


def test_large_logits_leave_gradcam_plus_plus_as_it_is() -> None:
    # The exponential of such a logit is beyond what single precision holds.
    model = model_of("cnn3")
    before = run(Network(model, batch=16), "conv3", "gradcam++")
    for bias in (500.0, -500.0):
        kernel, _ = model.get_layer("logits").get_weights()
        model.get_layer("logits").set_weights([kernel, np.full(3, bias, np.float32)])
        after = run(Network(model, batch=16), "conv3", "gradcam++")
        np.testing.assert_allclose(after, before, atol=1e-4)


@pytest.mark.parametrize("most", [256, 7])
def test_score_cam_is_that_of_tf_keras_vis_where_both_fade_to_black(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # "conv1" of cnn3 has the size of the input: both resize maps in their own way.
    monkeypatch.setattr(score_cam, "MOST_CHANNELS", most)
    model = model_of("cnn3", size=32)
    channels = model.get_layer("conv1").output.shape[-1]
    theirs = Scorecam(model, model_modifier=ReplaceToLinear(), clone=True)(
        CategoricalScore(1),
        images(size=32).astype(np.float32),
        penultimate_layer="conv1",
        seek_penultimate_conv_layer=False,
        max_N=min(most, channels),
        expand_cam=False,
        normalize_cam=False,
    )
    network, black = Network(model, batch=5), np.zeros(3)
    mine = score_cam.raw_map(
        network, "conv1", images(size=32)[0], 1, black, lambda _: None, lambda: False
    )
    np.testing.assert_allclose(mine, np.asarray(theirs)[0], rtol=1e-3, atol=1e-4 * mine.max())


def test_smooth_grad_is_the_mean_of_tf_keras_vis_saliencies() -> None:
    model = model_of("cnn3", "sigmoid")
    mine = run(Network(model, batch=16), "conv3", "smoothgrad")[0]
    pixels = images()[0].astype(np.float32)
    generator = np.random.default_rng(0)
    noise = generator.normal(
        0, smooth_grad.NOISE * np.ptp(pixels), (smooth_grad.SAMPLES, *pixels.shape)
    )
    saliency = Saliency(model, model_modifier=ReplaceToLinear(), clone=True)
    positive = BinaryScore(target_values=True)
    one_by_one = [
        saliency(
            positive, (pixels + one).astype(np.float32)[None], keepdims=True, normalize_map=False
        )[0]
        for one in noise
    ]
    expected = normalise(np.mean(one_by_one, axis=0).max(axis=-1))
    np.testing.assert_allclose(mine, expected, atol=1e-3)


@pytest.mark.parametrize("sigmoid", [True, False])
@pytest.mark.parametrize("method", METHOD_NAMES)
def test_a_network_that_looks_for_red_is_shown_to_look_at_red(
    method: MethodName, *, sigmoid: bool
) -> None:
    network = Network(red_finder(sigmoid=sigmoid), batch=16)
    found = FUNCTIONS[method](network, "conv", spots(), 1, lambda _: None, lambda: False)[0]
    red, blue = found[4:12, 4:12].mean(), found[20:28, 20:28].mean()
    elsewhere = found[:, 14:18].mean()
    assert red > elsewhere + 0.3
    if method != "smoothgrad":  # which shows what matters, for the class or against it
        # Score-CAM weighs every feature by a probability: none counts against the class.
        assert blue < (0.75 if method == "scorecam" else 0.5) * red


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_stops_when_asked(method: MethodName) -> None:
    network, told = Network(red_finder(), batch=1), []
    with pytest.raises(Stopped, match="stopped"):
        FUNCTIONS[method](
            network,
            "conv",
            images(size=32),
            1,
            told.append,
            lambda: len(told) >= (METHODS[method].slow),
        )
    assert len(told) == METHODS[method].slow


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_an_image_without_anything_gives_an_empty_map(method: MethodName) -> None:
    flat = np.full((1, 32, 32, 3), 200, np.uint8)
    found = FUNCTIONS[method](
        Network(red_finder(), batch=16), "conv", flat, 1, lambda _: None, lambda: False
    )
    if method != "smoothgrad":
        assert not found.any()
    assert np.isfinite(found).all()


def test_the_same_image_gets_the_same_map_again() -> None:
    network = Network(model_of("cnn3"), batch=16)
    for method in METHOD_NAMES:
        first, second = (run(network, "conv3", method) for _ in range(2))
        assert spearmanr(first.ravel(), second.ravel()).statistic > 0.999


def test_before_an_average_over_all_places_layercam_is_gradcam_plus_plus() -> None:
    # There the gradient of a feature is the same at every place.
    network = Network(model_of("mobilenetv2"), batch=16)
    pair = [run(network, "out_relu", name) for name in ("gradcam++", "layercam")]
    np.testing.assert_allclose(*pair, atol=1e-4)
