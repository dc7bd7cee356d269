"""The recipes that come with Lobule are the systems that they say they reproduce."""

from importlib.resources import files
from typing import Any

import pytest

from core.training.fitting.network import build_network
from core.training.fitting.phases import plan_phases
from core.training.request.recipe import ENCODER, load_recipe, recipe_names
from tests.networks import FAMILIES

BREAKHIS_PROJECT = {"weights": "imagenet", "balance": "class", "task": "binary"}
# What ../shared/systems.md, the list of the reference systems, states of each.
STATED: dict[str, dict[str, Any]] = {
    "alexnet": {"architecture": "alexnet", "head": "softmax", "weights": "none"},
    "cancernet": {"head": "sigmoid", "input_size": 50, "balance": "class", "weights": "none"},
    "cnn3": {"architecture": "cnn3", "head": "sigmoid", "weights": "none"},
    "cnn4": {"architecture": "cnn4", "balance": "class", "weights": "none"},
    "vgg19": {"architecture": "vgg19"} | BREAKHIS_PROJECT,
    "resnet50": {"architecture": "resnet50"} | BREAKHIS_PROJECT,
    "vgg16-binary": {"architecture": "vgg16", "task": "binary", "head": "sigmoid"},
    "vgg16-subtype": {"architecture": "vgg16", "task": "subtype", "head": "softmax"},
}
AUGMENTED = {"alexnet", "cnn3", "cnn4", "vgg19", "resnet50"}
FINE_TUNED = {"vgg19", "resnet50", "efficientnetb0", "mobilenetv2", "densenet121"}


@pytest.mark.parametrize("name", STATED)
def test_it_is_as_its_authors_state(name: str) -> None:
    recipe = load_recipe(name)
    assert {key: getattr(recipe, key) for key in STATED[name]} == STATED[name]
    assert recipe.train
    assert recipe.train.optimiser == "adam"
    assert recipe.train.schedule == "constant"
    assert recipe.split == "patient"
    assert any(recipe.augmentation.model_dump().values()) == (name in AUGMENTED)


def test_cancernet_takes_five_to_ten_epochs_of_batches_of_32() -> None:
    train = load_recipe("cancernet").train
    assert train
    assert train.batch_size == 32
    assert train.epochs == 10
    assert train.patience >= 5


@pytest.mark.parametrize("name", ["vgg16-binary", "vgg16-subtype"])
def test_vgg16_stays_frozen(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.weights == "imagenet"
    assert recipe.train
    assert recipe.train.frozen_base
    assert recipe.fine_tune is None


@pytest.mark.parametrize("name", sorted(FINE_TUNED))
def test_pretrained_networks_train_the_head_first_and_then_more_slowly(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.train
    assert recipe.fine_tune
    assert recipe.train.frozen_base
    assert recipe.fine_tune.learning_rate < recipe.train.learning_rate


def test_every_recipe_asked_for_is_there_and_says_what_it_is() -> None:
    names = recipe_names()
    assert {*STATED, *FINE_TUNED} <= set(names)
    for name in names:
        text = (files("core.training") / "recipes" / f"{name}.toml").read_text(encoding="utf-8")
        assert text.startswith("# ")
        assert load_recipe(name).title


LAST = {
    "vgg19": ("block5_",),
    "resnet50": ("conv5_block",),
    "efficientnetb0": ("block6d_", "block7a_", "top_conv"),
    "mobilenetv2": ("block_14_", "block_15_", "block_16_", "Conv_1"),
    "densenet121": tuple(f"conv5_block{number}_" for number in range(9, 17)),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=()
            if name == "idc" or load_recipe(name).architecture in FAMILIES
            else pytest.mark.exhaustive,
        )
        for name in recipe_names()
        if load_recipe(name).architecture != ENCODER
    ],
)
def test_every_recipe_builds_its_network(name: str) -> None:
    recipe = load_recipe(name)
    small = recipe.model_copy(
        update={
            "weights": "none",
            "input_size": min(recipe.input_size, 64),
        }
    )
    classes = 8 if recipe.task == "subtype" else 2
    network = build_network(small, classes)
    assert network.output_shape == (None, 1 if recipe.head == "sigmoid" else classes)
    if recipe.train:
        phases = plan_phases(network, recipe, recipe.train)
        assert [phase.name for phase in phases] == (
            ["head", "fine-tuning"]
            if name in FINE_TUNED
            else ["head"]
            if recipe.train.frozen_base
            else ["all"]
        )
    if name in LAST:
        # The last layers, and all of those that the recipe's comment names.
        thawed = phases[1].base
        assert all(layer.startswith(LAST[name]) for layer in thawed)
        assert all(any(layer.startswith(start) for layer in thawed) for start in LAST[name])
