"""A network divided below what learns is the same network, and learns the same."""

from pathlib import Path

import keras
import numpy as np
import pytest

from core.architectures import build
from core.errors import Stopped
from core.training.fitting.fit import fit_network
from core.training.fitting.phases import plan_phases
from core.training.fitting.upper import BATCH, divide, learner_of
from core.training.request.recipe import Recipe
from core.training.watch import Watch
from tests.core.training.small_fits import LABELS, PATIENTS, PIXELS, SPLIT, network, recipe

pytestmark = pytest.mark.slow


def divided_recipe(views: int, epochs: int = 2, **settings: object) -> Recipe:
    return recipe(
        {"epochs": epochs, "frozen_base": True, "views": views},
        {"epochs": 3, "layers": 1, "learning_rate": 0.01},
        **settings,
    )


class Kept(Watch):
    """Keeps its state, hears of stages, and may stop at one of them."""

    def __init__(self, folder: Path, stop: int = 0) -> None:
        self.checkpoints, self.stages, self._stop = folder, [], stop

    def stage(self, name: str, done: float) -> None:
        self.stages.append((name, done))

    def cancelled(self) -> bool:
        return bool(self._stop) and len(self.stages) >= self._stop


@pytest.mark.parametrize(
    ("name", "layers", "between"),
    [
        ("densenet121_block3", 48, "pool3_pool"),
        *(
            pytest.param(*each, marks=pytest.mark.exhaustive)
            for each in (
                ("densenet121_block3", 2, "conv4_block23_concat"),
                ("mobilenetv2", 1, "block_16_project_BN"),
                ("mobilenetv2", 2, "block_16_depthwise_relu"),
                ("resnet50", 2, "conv5_block2_out"),
            )
        ),
    ],
)
def test_both_parts_one_after_the_other_are_the_network(
    name: str, layers: int, between: str
) -> None:
    whole = build(name, (64, 64, 3), 2)
    chosen = recipe({"frozen_base": True}, {"epochs": 1, "layers": layers})
    assert chosen.train
    learning = plan_phases(whole, chosen, chosen.train)[-1].base
    lower, upper = divide(whole, learning)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3)).astype(np.float32)
    np.testing.assert_allclose(upper(lower(pixels)), whole(pixels), rtol=1e-4, atol=1e-5)
    assert learning <= {layer.name for layer in upper.layers}
    assert lower.layers[-1].name == between
    assert all(layer is whole.get_layer(layer.name) for layer in upper.layers[1:])


def test_with_the_head_alone_all_of_the_base_is_below() -> None:
    lower, _ = divide(network(), frozenset())
    assert lower.layers[-1].name == "relu2"


@pytest.mark.exhaustive
def test_the_same_is_learnt_from_views_as_from_pixels() -> None:
    histories, ends = [], []
    for views in (0, 1):
        given = network(dropout=0.0)
        chosen = divided_recipe(views, augmentation={})
        assert chosen.train
        with learner_of(given, chosen, chosen.train, PIXELS, Watch()) as learner:
            history = fit_network(
                learner.network,
                learner.recipe,
                chosen.train,
                learner.pixels,
                LABELS,
                PATIENTS,
                SPLIT,
                Watch(),
            )
        histories.append(history)
        ends.append(given.get_weights())
    figures = ["loss", "val_loss", "val_auroc"]
    np.testing.assert_allclose(histories[1][figures], histories[0][figures], rtol=0.02)
    # What is kept has half the digits.
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(other, one, atol=0.02)


def test_views_are_the_image_as_it_is_and_augmented() -> None:
    given, chosen = network(), divided_recipe(4)
    assert chosen.train
    with learner_of(given, chosen, chosen.train, PIXELS, Watch()) as learner:
        assert learner.pixels.shape == (60, 4, 7, 7, 4)
        lower = keras.Model(given.inputs, given.get_layer("relu1").output)
        np.testing.assert_allclose(
            learner.pixels[:, 0], lower(PIXELS.astype(np.float32)), rtol=1e-2, atol=1e-3
        )
        flat = learner.pixels.reshape(60, 4, -1).astype(float)
        assert (np.abs(flat[:, 1:] - flat[:, :1]).max(axis=2) > 0.01).all()
        assert not learner.recipe.augmentation.flips


def test_what_was_computed_is_not_computed_again(tmp_path: Path) -> None:
    given, chosen = network(), divided_recipe(2)
    assert chosen.train
    images = len(PIXELS)
    stopped = Kept(tmp_path / "state", stop=-(-images // BATCH) + 1)
    with (
        pytest.raises(Stopped),
        learner_of(given, chosen, chosen.train, PIXELS, stopped),
    ):
        pass
    assert not list((tmp_path / "state").iterdir())
    first = Kept(tmp_path / "state")
    killed = learner_of(given, chosen, chosen.train, PIXELS, first)
    features = np.array(killed.__enter__().pixels)
    assert first.stages[-1] == ("Computing the frozen layers", 1.0)
    again = Kept(tmp_path / "state")
    with learner_of(given, chosen, chosen.train, PIXELS, again) as learner:
        np.testing.assert_array_equal(learner.pixels, features)
    assert not again.stages
    assert not list((tmp_path / "state").iterdir())


def test_a_file_of_something_else_is_computed_anew(tmp_path: Path) -> None:
    given, chosen = network(), divided_recipe(2)
    assert chosen.train
    (tmp_path / "lower.npy").write_bytes(b"\x93NUMPY nothing")
    with learner_of(given, chosen, chosen.train, PIXELS, Kept(tmp_path)) as learner:
        assert learner.pixels.shape[:2] == (60, 2)
