"""The randomisation test: what ignores the weights is found out, what rests on them is not."""

from typing import Any

import cv2
import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from core.architectures import build
from core.errors import PackageError, Stopped
from core.explain.check import (
    THRESHOLD,
    check_explanations,
    check_methods,
    rank_correlation,
    structural_similarity,
)
from core.explain.gradcam import normalise
from core.explain.methods.catalogue import METHODS
from core.explain.methods.network import Network
from core.explain.methods.run import FUNCTIONS
from core.explain.randomise import cascade, learnt_layers
from core.inference.classifier import get_classifier
from core.registry.package import Package
from tests.core.explain.made_by_hand import red_finder


def pictures(count: int = 4, side: int = 32) -> NDArray[np.uint8]:
    """Blurred noise in colours: something to see at every place."""
    random = np.random.default_rng(5)
    noise = random.integers(0, 256, (count, side, side, 3)).astype(np.float32)
    blurred = np.stack([cv2.GaussianBlur(one, (0, 0), 2.5) for one in noise])
    return (normalise(blurred.reshape(count, side, -1)) * 255).reshape(noise.shape).astype(np.uint8)


def edges(
    _network: Network, _layer: str, inputs: NDArray[np.uint8], *_: Any
) -> NDArray[np.float32]:
    """A map that looks convincing and never asks the network."""
    grey = inputs.astype(np.float32).mean(axis=-1)
    return normalise(np.stack([np.abs(cv2.Laplacian(one, cv2.CV_32F)) for one in grey]))


def zero_times_gradient(
    network: Network, layer: str, inputs: NDArray[np.uint8], *rest: Any
) -> NDArray[np.float32]:
    return 0 * FUNCTIONS["smoothgrad"](network, layer, inputs, *rest)


@pytest.fixture(scope="module")
def built() -> tuple[keras.Model, list[NDArray[np.float32]]]:
    model = build("efficientnetb0", (64, 64, 3), 2)
    return model, model.get_weights()


@pytest.fixture
def deep(built: tuple[keras.Model, list[NDArray[np.float32]]]) -> keras.Model:
    """A deep network with the weights that it was built with."""
    model, weights = built
    model.set_weights(weights)
    return model


def test_maps_that_ignore_the_weights_are_found_out_and_gradcam_is_not() -> None:
    methods = {
        "edges": edges,
        "zero": zero_times_gradient,
        "gradcam": FUNCTIONS["gradcam"],
        "layercam": FUNCTIONS["layercam"],
        "occlusion": FUNCTIONS["occlusion"],
    }
    network = Network(red_finder(), batch=64)
    found = {check.method: check for check in check_methods(network, "conv", pictures(), methods)}
    assert [name for name, check in found.items() if check.unchanged] == ["edges", "zero"]
    for name in ("edges", "zero"):
        assert found[name].correlation == pytest.approx(1, abs=1e-4)
        assert found[name].by_draw == pytest.approx((1, 1, 1), abs=1e-4)
        assert [step.similarity for step in found[name].cascade] == pytest.approx([1, 1], abs=1e-4)
    assert found["gradcam"].correlation < THRESHOLD - 0.2


def test_the_network_has_its_weights_back_also_after_being_stopped() -> None:
    network, asked = Network(red_finder(), batch=64), []
    weights = network.model.get_weights()
    methods = {"gradcam": FUNCTIONS["gradcam"]}
    check_methods(network, "conv", pictures(), methods)
    with pytest.raises(Stopped):
        check_methods(
            network,
            "conv",
            pictures(),
            methods,
            cancelled=lambda: bool(asked.append(1) or asked[6:]),
        )
    for before, after in zip(weights, network.model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_package_is_checked_by_every_method_and_tells_how_far_it_is(package: Package) -> None:
    told: list[float] = []
    classifier = get_classifier(package)
    found = check_explanations(
        classifier, pictures(), "made-up pictures", lambda _, share: told.append(share)
    )
    assert [check.method for check in found.methods] == list(METHODS)
    assert (found.images, found.images_of, found.layer) == (4, "made-up pictures", "last_conv")
    assert found.layers == 4  # two convolutions, batch normalisation, logits
    assert told == sorted(told)
    assert 0.9 < told[-1] < 1
    for check in found.methods:
        assert check.unchanged == (check.correlation >= found.threshold)
        assert check.correlation == pytest.approx(np.mean(check.by_draw), abs=1e-4)
        assert [step.layers for step in check.cascade] == [1, 2, 4]
        assert check.cascade[-1].correlation == check.by_draw[0]
    assert found.unchanged == tuple(c.method for c in found.methods if c.unchanged)
    assert check_explanations(classifier, pictures(), "made-up pictures") == found


def test_an_ensemble_is_refused_with_its_members_named(package: Package) -> None:
    classifier = get_classifier(package)

    class Together:
        card = package.card
        members = (classifier, classifier)

    with pytest.raises(PackageError, match="Check its members: tiny, tiny"):
        check_explanations(Together(), pictures(), "pictures")  # type: ignore[arg-type]


def test_weights_are_drawn_from_the_last_layer_down_and_scaling_stays(deep: keras.Model) -> None:
    model = deep
    names = [layer.name for layer in learnt_layers(model)]
    before = {layer.name: layer.get_weights() for layer in model.layers}

    def changed() -> set[str]:
        return {
            name
            for name, weights in before.items()
            for old, new in zip(weights, model.get_layer(name).get_weights(), strict=True)
            if not np.array_equal(old, new)
        }

    assert names[0] == "logits"
    for stop in cascade(model, [1, 40, len(names)], pictures(side=64), np.random.default_rng(0)):
        assert changed() == set(names[:stop])
    # Keras numbers the layer if another network of this process has one.
    same = {name for name, weights in before.items() if weights} - changed()
    assert {name.partition("_")[0] for name in same} == {"normalization"}
    assert len(same) == 1


def test_signals_of_a_deep_network_neither_fade_nor_explode(deep: keras.Model) -> None:
    model = deep
    inputs = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3)).astype(np.uint8)
    list(cascade(model, [len(learnt_layers(model))], inputs, np.random.default_rng(0)))
    last = keras.Model(model.input, model.get_layer("top_activation").output)(inputs).numpy()
    assert 0.1 < last.std() < 10
    kernel = model.get_layer("block2a_expand_conv").get_weights()[0]
    assert kernel.std() == pytest.approx(np.sqrt(2 / kernel.shape[2]), rel=0.1)
    depthwise = model.get_layer("block5a_dwconv").get_weights()[0]
    assert depthwise.std() == pytest.approx(np.sqrt(2 / 25), rel=0.1)


def test_the_same_generator_draws_the_same_weights_whatever_is_dropped(deep: keras.Model) -> None:
    model = deep
    inputs = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3)).astype(np.uint8)
    rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    drawn = []
    for _ in range(2):
        list(cascade(model, [len(learnt_layers(model))], inputs, np.random.default_rng(0)))
        drawn.append(model.get_weights())
    for one, same in zip(*drawn, strict=True):
        np.testing.assert_array_equal(one, same)
    after = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert any(rates)
    assert after == rates


def test_rank_correlation_is_spearmans_and_an_empty_map_has_none() -> None:
    one = np.array([[1, 2], [3, 4]], np.float32)
    # Ranks 1 2 3 4 against 2 1 4 3: 1 - 6·4/(4·15) = 0.6.
    assert rank_correlation(one, np.array([[2, 1], [40, 30]], np.float32)) == pytest.approx(0.6)
    assert rank_correlation(one, -one) == pytest.approx(-1)
    assert rank_correlation(one, 0 * one) == 0
    assert rank_correlation(0 * one, 0 * one) == 1


def test_structural_similarity_of_a_map_with_itself_its_negative_and_nothing() -> None:
    ramp = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (32, 1))
    assert structural_similarity(ramp, ramp) == pytest.approx(1)
    assert structural_similarity(ramp, 1 - ramp) < 0
    # Two constant maps: (2ab + c) / (a² + b² + c) with c = 0.01² (Wang et al. 2004, formula 6).
    a, b = np.full((16, 16), 0.2, np.float32), np.full((16, 16), 0.6, np.float32)
    assert structural_similarity(a, b) == pytest.approx((0.24 + 1e-4) / (0.4 + 1e-4), rel=1e-3)
