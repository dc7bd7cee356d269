import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import keras
import numpy as np
import pytest
from keras.src.applications import efficientnet, mobilenet_v2
from keras.src.utils import file_utils
from numpy.typing import NDArray

from core.architectures import build, heatmap_layer, pretrained
from core.errors import ArchitectureError
from tests.each_time import each_time

SHAPE = (64, 64, 3)
PUBLISHED = {
    "vgg16": (keras.applications.VGG16, keras.applications.vgg16.preprocess_input),
    "vgg19": (keras.applications.VGG19, keras.applications.vgg19.preprocess_input),
    "resnet50": (keras.applications.ResNet50, keras.applications.resnet50.preprocess_input),
    "mobilenetv2": (
        keras.applications.MobileNetV2,
        keras.applications.mobilenet_v2.preprocess_input,
    ),
    "densenet121": (
        keras.applications.DenseNet121,
        keras.applications.densenet.preprocess_input,
    ),
}


def pixels() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (2, *SHAPE), dtype=np.uint8)


def features(model: keras.Model, layer: str) -> NDArray[np.float32]:
    return keras.Model(model.input, model.get_layer(layer).output)(pixels()).numpy()


def assert_same_features(name: str, ours: keras.Model, published: keras.Model) -> None:
    preprocess = PUBLISHED[name][1]
    theirs = published(preprocess(pixels().astype(np.float32)), training=False).numpy()
    assert np.abs(theirs).max() > 0
    mine = features(ours, published.layers[-1].name)
    np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-5 * np.abs(theirs).max())


@pytest.mark.slow
@pytest.mark.parametrize("name", each_time({"vgg16"}, ("vgg16", "densenet121", "mobilenetv2")))
def test_imagenet_weights_give_the_features_of_keras(
    name: str, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = weights / f"{name}_notop.weights.h5"
    published = PUBLISHED[name][0](include_top=False, weights=path, input_shape=SHAPE)
    assert_same_features(name, build(name, SHAPE, 2, weights=path), published)

    monkeypatch.setenv("LOBULE_WEIGHTS", str(path.parent))
    assert_same_features(name, build(name, SHAPE, 2, weights="imagenet"), published)


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["resnet50", "vgg19"])
def test_a_file_saved_from_keras_gives_its_features(name: str, tmp_path: Path) -> None:
    published = PUBLISHED[name][0](include_top=False, weights=None, input_shape=SHAPE)
    path = tmp_path / f"{name}_notop.weights.h5"
    published.save_weights(path)
    assert_same_features(name, build(name, SHAPE, 2, weights=str(path)), published)


def test_a_whole_network_of_our_own_takes_its_weights_back(tmp_path: Path) -> None:
    first = build("cnn3", (32, 32, 3), 2)
    first.save_weights(tmp_path / "cnn3.weights.h5")
    again = build("cnn3", (32, 32, 3), 2, weights=tmp_path / "cnn3.weights.h5")
    for expected, got in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.fixture
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "keras"
    folder.mkdir()
    monkeypatch.setattr(file_utils.config, "keras_home", lambda: str(folder))
    return folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Serve a folder over HTTP on this machine: (folder, address)."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        yield folder, f"http://127.0.0.1:{http.server_port}/"
        http.shutdown()
        thread.join()


@pytest.mark.slow
def test_imagenet_weights_are_downloaded(
    server: tuple[Path, str], keras_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, address = server
    monkeypatch.setattr(mobilenet_v2, "BASE_WEIGHT_PATH", address)
    published = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(224, 224, 3)
    )
    name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
    published.save(folder / name)
    small = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=SHAPE)
    small.set_weights(published.get_weights())

    model = build("mobilenetv2", SHAPE, 2, weights="imagenet")
    assert (keras_home / "models" / name).is_file()
    assert_same_features("mobilenetv2", model, small)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_downloaded_efficientnet_scales_as_keras_does(
    server: tuple[Path, str], keras_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder, address = server
    source = keras.applications.EfficientNetB0(
        include_top=False, weights=None, input_shape=(224, 224, 3)
    )
    mean = np.array([0.485, 0.456, 0.406], np.float32)
    variance = np.array([0.229, 0.224, 0.225], np.float32)
    normalization = source.get_layer(
        next(layer.name for layer in source.layers if layer.name.startswith("normalization"))
    )
    normalization.set_weights([mean, variance, np.array(0)])
    file = folder / "efficientnetb0_notop.h5"
    source.save(file)
    monkeypatch.setattr(efficientnet, "BASE_WEIGHTS_PATH", address)
    monkeypatch.setitem(
        efficientnet.WEIGHTS_HASHES, "b0", ("", file_utils.hash_file(file, algorithm="md5"))
    )

    published = keras.applications.EfficientNetB0(
        include_top=False, weights="imagenet", input_shape=SHAPE
    )
    model = build("efficientnetb0", SHAPE, 2, weights="imagenet")
    assert any(keras_home.rglob("efficientnetb0_notop.h5"))
    for layer in ("stem_conv", heatmap_layer(model)):
        theirs = features(published, layer)
        scale = np.abs(theirs).max()
        assert scale > 0
        np.testing.assert_allclose(features(model, layer), theirs, rtol=0, atol=1e-5 * scale)

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_allclose(
        features(loaded, "stem_conv"), features(model, "stem_conv"), atol=1e-6
    )

    local = tmp_path / "efficientnetb0_notop.weights.h5"
    published.save_weights(local)
    from_file = build("efficientnetb0", SHAPE, 2, weights=local)
    np.testing.assert_allclose(
        features(from_file, "stem_conv"), features(model, "stem_conv"), atol=1e-6
    )


def assert_names_three_ways_out(
    refusal: pytest.ExceptionInfo[ArchitectureError], name: str
) -> None:
    message = str(refusal.value)
    for way in ("network", f"{name}_notop.weights.h5", "LOBULE_WEIGHTS", "weights none"):
        assert way in message
    assert "\n" not in message


@pytest.mark.slow
def test_no_network_names_the_three_ways_out(
    keras_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(mobilenet_v2, "BASE_WEIGHT_PATH", f"http://127.0.0.1:{port}/")
    with pytest.raises(ArchitectureError) as refusal:
        build("mobilenetv2", SHAPE, 2, weights="imagenet")
    assert_names_three_ways_out(refusal, "mobilenetv2")
    assert not list(keras_home.rglob("*.h5"))


@pytest.mark.slow
@pytest.mark.usefixtures("keras_home")
def test_a_silent_network_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "DOWNLOAD_TIMEOUT", 0.5)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        monkeypatch.setattr(mobilenet_v2, "BASE_WEIGHT_PATH", f"http://127.0.0.1:{port}/")
        start = time.monotonic()
        with pytest.raises(ArchitectureError) as refusal:
            build("mobilenetv2", SHAPE, 2, weights="imagenet")
        assert time.monotonic() - start < 30
    assert_names_three_ways_out(refusal, "mobilenetv2")
    assert socket.getdefaulttimeout() is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "other"),
    [
        pytest.param("densenet121", "mobilenetv2", marks=pytest.mark.exhaustive),
        ("vgg19", "vgg16"),
        ("cnn3", "cnn4"),
        pytest.param("vgg16", "vgg19", marks=pytest.mark.exhaustive),
    ],
)
def test_weights_of_another_network_are_refused(name: str, other: str, tmp_path: Path) -> None:
    path = tmp_path / "other.weights.h5"
    whole = build(other, SHAPE, 2)
    part = whole
    if other in PUBLISHED:
        part = PUBLISHED[other][0](include_top=False, weights=None, input_shape=SHAPE)
    part.save_weights(path)
    with pytest.raises(ArchitectureError, match=f"does not hold the weights of {name}") as refusal:
        build(name, SHAPE, 2, weights=path)
    assert str(path) in str(refusal.value)


def test_weights_of_a_whole_trained_network_are_not_taken_for_a_backbone(tmp_path: Path) -> None:
    path = tmp_path / "whole.weights.h5"
    build("vgg16", SHAPE, 2).save_weights(path)
    with pytest.raises(ArchitectureError, match="without its top"):
        build("vgg16", SHAPE, 2, weights=path)


def test_what_is_no_file_of_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchitectureError, match="no weights file"):
        build("cnn3", SHAPE, 2, weights=tmp_path)
    for ending in ("weights.h5", "h5", "txt"):
        path = tmp_path / f"junk.{ending}"
        path.write_bytes(b"not weights")
        with pytest.raises(ArchitectureError, match="does not hold the weights of cnn3"):
            build("cnn3", SHAPE, 2, weights=path)
