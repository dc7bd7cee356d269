"""The engine's graph, against Keras and TensorFlow's own gradients on the same pixels."""

import shutil
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from core.architectures import build, heatmap_layer
from core.architectures.explainable import convolutional_layers
from core.errors import PackageError
from core.explain.gradcam import GradCAM
from core.inference.engine import Engine
from core.registry.files import GRAPH_FILE
from core.registry.graph import read_graph, write_graph
from tests.core.conftest import tiny_model
from tests.networks import SMALLER_NETWORKS

SIZE = 32


def saved_with_graph(model: Any, layer: str, folder: Path) -> Path:
    model.save(folder / "model.keras")
    assert write_graph(model, layer, folder)
    return folder


def pixels(number: int = 3, size: int = SIZE) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.integers(0, 256, (number, size, size, 3), dtype=np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALLER_NETWORKS)
def test_answers_and_maps_are_those_of_tensorflow(name: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)  # weights that fail once fail again
    model = build(name, (SIZE, SIZE, 3), 3)
    random = np.random.default_rng(1)
    last = model.get_layer("logits")
    last.set_weights([random.normal(size=weight.shape) for weight in last.get_weights()])
    layer = heatmap_layer(name)
    graph = read_graph(saved_with_graph(model, layer, tmp_path))
    engine = Engine(graph)
    assert engine.layers == tuple(convolutional_layers(model))
    gradcam = GradCAM(model, layer)
    for target in (None, 2):
        logits, heatmaps, features = gradcam.with_features(pixels(), target)
        passed = engine.run(pixels())
        # Random weights give logits of hundreds, each a sum of thousands of terms in single
        # precision: what counts is the distance beside the largest of them.
        for engines, published in ((passed.logits, logits), (passed.features, features)):
            np.testing.assert_allclose(
                engines, published, rtol=0, atol=1e-5 * np.abs(published).max() + 1e-4
            )
        if passed.class_maps is not None:
            assert engine.layer == layer
            classes = logits.argmax(axis=1) if target is None else target
            found = np.maximum(passed.class_maps[np.arange(3), :, :, classes], 0)
            np.testing.assert_allclose(found, heatmaps, atol=1e-4 * max(1, heatmaps.max()))
    assert (passed.class_maps is not None) == bool(graph.layer)


@pytest.mark.parametrize("outputs", [1, 3])
def test_class_maps_of_either_head(outputs: int, tmp_path: Path) -> None:
    head = "sigmoid" if outputs == 1 else "softmax"
    model = tiny_model(outputs, head)
    engine = Engine(read_graph(saved_with_graph(model, "last_conv", tmp_path)))
    passed = engine.run(pixels())
    assert passed.class_maps is not None
    for target in range(max(2, outputs)):
        logits, heatmaps, _ = GradCAM(model, "last_conv").with_features(pixels(), target)
        np.testing.assert_allclose(passed.logits, logits, atol=1e-4)
        np.testing.assert_allclose(
            np.maximum(passed.class_maps[..., target], 0), heatmaps, atol=1e-4
        )


def test_a_layer_under_others_has_no_map(tmp_path: Path) -> None:
    model = tiny_model()
    engine = Engine(read_graph(saved_with_graph(model, model.layers[2].name, tmp_path)))
    assert engine.layer == ""
    assert engine.run(pixels()).class_maps is None


def test_what_a_run_gave_stays(tmp_path: Path) -> None:
    engine = Engine(read_graph(saved_with_graph(tiny_model(), "last_conv", tmp_path)))
    first = engine.run(pixels())
    before = first.logits.copy()
    engine.run(255 - pixels())
    np.testing.assert_array_equal(first.logits, before)


@pytest.mark.parametrize("number", [1, 2, 7, 40])
def test_any_number_of_inputs(number: int, tmp_path: Path) -> None:
    model = tiny_model()
    engine = Engine(read_graph(saved_with_graph(model, "last_conv", tmp_path)))
    logits = engine.run(pixels(number)).logits
    expected = GradCAM(model, "last_conv")(pixels(number), 0)[0]
    np.testing.assert_allclose(logits, expected, atol=1e-4)


def test_it_holds_no_weights_of_its_own(tmp_path: Path) -> None:
    import keras  # noqa: PLC0415 - loads TensorFlow

    inputs = keras.Input((SIZE, SIZE, 3))
    maps = keras.layers.Conv2D(256, 9, name="wide")(inputs)
    pooled = keras.layers.GlobalAveragePooling2D()(maps)
    model = keras.Model(inputs, keras.layers.Dense(2, name="logits")(pooled))
    folder = saved_with_graph(model, "wide", tmp_path)
    network = (folder / "model.keras").stat().st_size
    assert (folder / GRAPH_FILE).stat().st_size < network / 5
    # With other weights in the network, the graph answers as that does.
    model.get_layer("wide").set_weights([0 * w for w in model.get_layer("wide").get_weights()])
    model.save(folder / "model.keras")
    engine = Engine(read_graph(folder))
    bias = model.get_layer("logits").get_weights()[1]
    np.testing.assert_allclose(engine.run(pixels()).logits, np.tile(bias, (3, 1)), atol=1e-6)


def test_damage_is_told(tmp_path: Path) -> None:
    folder = saved_with_graph(tiny_model(), "last_conv", tmp_path)
    whole = (folder / GRAPH_FILE).read_bytes()
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(folder / "model.keras", other)
    for damaged in (b"", b"no zip", whole[: len(whole) // 2]):
        (other / GRAPH_FILE).write_bytes(damaged)
        with pytest.raises(PackageError, match="damaged"):
            read_graph(other)
    with np.load(folder / GRAPH_FILE) as stored:
        held = {name: stored[name] for name in stored.files}
    for wrong in ({"size": np.int64(2**40)}, {"names": np.array(["x"] * len(held["names"]))}):
        np.savez(other / GRAPH_FILE, **(held | wrong))  # type: ignore[arg-type]
        if wrong.get("names") is not None and not len(held["names"]):
            continue
        with pytest.raises(PackageError, match="damaged"):
            read_graph(other)
    np.savez(other / GRAPH_FILE, **(held | {"xml": np.frombuffer(b"<net/>", np.uint8)}))
    with pytest.raises(PackageError, match="OpenVINO refuses"):
        Engine(read_graph(other))


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    shutil.copy(
        saved_with_graph(tiny_model(), "last_conv", tmp_path) / "model.keras", tmp_path / "n"
    )
    with zipfile.ZipFile(tmp_path / GRAPH_FILE, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xml.npy", bytes(70_000_000))
    with pytest.raises(PackageError, match="too large"):
        read_graph(tmp_path)
