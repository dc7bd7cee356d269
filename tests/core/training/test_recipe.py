from pathlib import Path

import pytest

from core.errors import RecipeError
from core.training.recipe import load_recipe, recipe_names

VALID = """
title = "T"
architecture = "cnn3"
head = "softmax"
weights = "none"
input_size = 32
balance = "class"
[train]
epochs = 1
"""


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_that_comes_with_lobule_is_valid(name: str) -> None:
    assert load_recipe(name).name == name


def test_cancernet_is_as_its_authors_state() -> None:
    recipe = load_recipe("cancernet")
    assert (recipe.input_size, recipe.head, recipe.train.batch_size) == (50, "sigmoid", 32)
    assert 5 <= recipe.train.epochs <= 10


def test_a_file_is_read_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(VALID)
    assert load_recipe(str(path)).name == "mine"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("epochs = 1", "epochs = 0", r"train\.epochs"),
        ("epochs = 1", "epoch = 1", r"train\.epoch: Extra inputs"),
        ('"cnn3"', '"cnn5"', "architecture must be one of alexnet"),
        ("[train]\nepochs = 1", "", r"exactly one of the tables \[train\] and \[probe\]"),
        ("[train]\nepochs = 1", "[probe]\npasses = 2\npenalty = 1", "random weights learns nothing"),
        ('"class"\n[train]', '"none"\n[train]\nsampling = true', "sampling needs a balance"),
        ("[train]", "[train", "not valid TOML.*line"),
    ],
)
def test_settings_that_cannot_be_used_are_named(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(VALID.replace(old, new))
    with pytest.raises(RecipeError, match=message):
        load_recipe(str(path))


def test_unknown_names_list_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cancernet, idc"):
        load_recipe("cancer-net")
    with pytest.raises(RecipeError, match="cannot be read"):
        load_recipe(str(tmp_path / "absent.toml"))
