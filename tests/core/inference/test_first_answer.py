"""Somebody else's small network that asks for much memory is refused before it runs."""

import io
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import limited
from core.adoption.foreign import read_foreign
from core.adoption.network import build_flat
from core.batch import batch_of
from core.errors import PackageError
from core.inference.engine import Engine
from core.inference.first_answer import MOST_KEPT, MOST_OUTPUT, _outputs, answer, refuse_heavy
from core.registry.card import Card
from core.registry.exchange import export_package, import_package
from core.registry.package import save_package
from core.settings import get_settings
from tests.core.conftest import card_content

pytestmark = pytest.mark.slow


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would run in a process of its own runs in this one; returns what did."""
    started: list[str] = []

    def run(function: str, path: Path) -> None:
        started.append(function)
        module, _, name = function.partition(":")
        getattr(import_module(module), name)(path)

    monkeypatch.setattr(limited, "try_in_a_child", run)
    return started


def network(side: int | None, layers: list[Any]) -> Any:
    import keras  # noqa: PLC0415

    inputs = keras.Input((side, side, 3), name="pixels")
    x = inputs
    for layer in layers:
        x = layer(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(2, name="logits")(x)
    return keras.Model(inputs, keras.layers.Activation("softmax", name="probabilities")(x))


def swells(times: int) -> Any:
    from keras import layers  # noqa: PLC0415

    return network(
        32, [layers.Conv2D(8, 1, name="conv"), layers.UpSampling2D(times, name="swells")]
    )


def hides() -> Any:
    """A separable convolution of 4 channels, with 20,000 between its two steps."""
    from keras import layers  # noqa: PLC0415

    return network(64, [layers.SeparableConv2D(4, 1, depth_multiplier=7000, name="hides")])


def nested() -> Any:
    from keras import layers  # noqa: PLC0415

    return network(32, [network_without_head(layers.UpSampling2D(300, name="inside"))])


def network_without_head(layer: Any) -> Any:
    import keras  # noqa: PLC0415

    inputs = keras.Input((32, 32, 3))
    return keras.Model(inputs, layer(inputs))


@pytest.mark.parametrize(
    ("make", "side", "layer"),
    [(lambda: swells(300), 32, "swells"), (hides, 64, "hides"), (nested, 32, "inside")],
    ids=["swells", "hides", "nested"],
)
def test_the_layer_that_takes_too_much_is_named(
    make: Callable[[], Any], side: int, layer: str
) -> None:
    with pytest.raises(PackageError, match=f"layer '{layer}' .* GB of memory .*at most 1 GB"):
        refuse_heavy(make(), side)


def test_many_layers_that_take_too_much_together_are_refused() -> None:
    from keras import layers  # noqa: PLC0415

    model = network(1024, [layers.Conv2D(64, 1) for _ in range(30)])  # 0.27 GB each
    with pytest.raises(PackageError, match="together when its answer is explained"):
        refuse_heavy(model, 1024)


def test_bytes_are_those_of_the_arithmetic() -> None:
    """One image of 1024 px, 5 channels of four bytes."""
    from keras import layers  # noqa: PLC0415

    sizes = dict(_outputs(network(1024, [layers.Conv2D(5, 1, name="five")]), 1, 1024))
    assert max(sizes.values()) == 1024 * 1024 * 5 * 4


@pytest.mark.parametrize(
    "name", ["VGG19", pytest.param("DenseNet121", marks=pytest.mark.exhaustive)]
)
def test_known_networks_pass_with_room_to_spare(name: str) -> None:
    import keras  # noqa: PLC0415

    make = getattr(keras.applications, name)
    model = make(weights=None, input_shape=(224, 224, 3), include_top=False)
    batch = batch_of(224, 224)
    assert batch == 20
    sizes = [size for _, size in _outputs(model, batch, 224)]
    assert max(sizes) < MOST_OUTPUT / 3
    assert sum(sizes) / 4 < MOST_KEPT / 3
    refuse_heavy(model, 224)


def test_a_sound_network_answers(tmp_path: Path) -> None:
    model = swells(2)
    model.save(tmp_path / "model.keras")
    answer(model, tmp_path / "model.keras", "conv")


@pytest.mark.usefixtures("home", "here")
def test_a_package_that_swells_is_not_imported(tmp_path: Path) -> None:
    card = Card.model_validate(card_content(heatmap_layer="conv"))
    package = save_package(tmp_path / "tiny", card, swells(300))
    packed = io.BytesIO()
    export_package(package, packed)
    assert len(packed.getvalue()) < 100_000
    packed.seek(0)
    with pytest.raises(PackageError, match="layer 'swells' of the network would take 377"):
        import_package(packed)
    assert not list(get_settings().own_models.iterdir())


@pytest.mark.usefixtures("here")
def test_a_network_made_elsewhere_that_swells_is_not_read(tmp_path: Path) -> None:
    from keras import layers  # noqa: PLC0415

    path = tmp_path / "theirs.keras"
    network(4096, [layers.Conv2D(512, 1, name="wide")]).save(path)
    assert path.stat().st_size < 100_000
    with pytest.raises(PackageError, match=r"layer 'wide' of the network would take 34\.4 GB"):
        read_foreign(path)


def test_a_network_of_any_size_is_tried_at_the_size_it_is_given(
    tmp_path: Path, here: list[str]
) -> None:
    from keras import layers  # noqa: PLC0415

    path = tmp_path / "any.keras"
    network(None, [layers.Conv2D(64, 1, name="wide")]).save(path)
    foreign = read_foreign(path)
    with pytest.raises(PackageError, match=r"layer 'wide' of the network would take 4\.3 GB"):
        build_flat(foreign, "pixels", side=4096)
    for _ in range(2):
        build_flat(foreign, "pixels", side=32)
    assert [name.partition(":")[2] for name in here] == ["answer_foreign", "answer_flat"]


@pytest.mark.usefixtures("here")
def test_a_network_of_a_known_size_answers_when_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keras import layers  # noqa: PLC0415

    answered: list[int] = []
    run = Engine.run

    def heard(engine: Engine, inputs: np.ndarray) -> Any:
        answered.append(len(inputs))
        return run(engine, inputs)

    monkeypatch.setattr(Engine, "run", heard)
    path = tmp_path / "theirs.keras"
    network(256, [layers.Conv2D(2, 1)]).save(path)
    assert read_foreign(path).side == 256
    assert answered == [1, 16]


def test_large_images_are_compared_one_at_a_time(tmp_path: Path) -> None:
    """What is not compiled keeps every layer's output: four of 1024 px would take 1.1 GB."""
    from keras import layers  # noqa: PLC0415

    seen: list[tuple[int | None, ...]] = []

    class Watched(layers.Conv2D):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            seen.append(tuple(inputs.shape))
            return super().call(inputs)

    path = tmp_path / "theirs.keras"
    network(1024, [layers.Conv2D(2, 1)]).save(path)
    foreign = read_foreign(path)
    watched = network(1024, [Watched(2, 1)])
    seen.clear()
    pixels = np.zeros((3, 1024, 1024, 3), np.uint8)
    object.__setattr__(foreign, "model", watched)
    assert foreign.probabilities(pixels, "pixels").shape == (3, 2)
    assert seen == [(1, 1024, 1024, 3)] * 3
