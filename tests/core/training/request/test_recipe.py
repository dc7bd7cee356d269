from pathlib import Path

import pytest

from core.errors import RecipeError
from core.training.request.recipe import load_recipe, recipe_names

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


def test_a_file_is_read_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(VALID)
    assert load_recipe(str(path)).name == "mine"


PROBE = "[probe]\npasses = 2\npenalty = 1"
TRAIN = "[train]\nepochs = 1"
PRETRAINED = VALID.replace('"cnn3"', '"vgg16"').replace('"none"', '"imagenet"')
FINE_TUNE = "\nfrozen_base = true\n[fine_tune]\nlayers = 2\nepochs = 2"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("epochs = 1", "epochs = 0", r"line 9, train\.epochs: .*greater than or equal to 1"),
        (
            "epochs = 1",
            "epoch = 1",
            r"line 8, train\.epochs: Field required; line 9, train\.epoch:",
        ),
        ('"cnn3"', '"cnn5"', "line 3, architecture: must be one of alexnet"),
        ('title = "T"', "", r"title: Field required"),
        (TRAIN, "", r"recipe: give exactly one of the tables \[train\] and \[probe\]"),
        (TRAIN, f"{TRAIN}\n{PROBE}", r"line 10, probe: give exactly one"),
        (TRAIN, PROBE, "line 5, weights: .*random weights learns nothing"),
        ('"none"', '"imagenet"', "line 5, weights: cnn3 has no ImageNet weights"),
        ("= 32", "= 16\nfit = 'crop'", "line 7, fit: Input should be 'squash' or 'crops'"),
        ('"softmax"', '"sigmoid"\ntask = "subtype"', "line 4, head: a sigmoid"),
        (
            f'"class"\n{TRAIN}',
            f'"none"\n{TRAIN}\nsampling = true',
            r"line 10, train\.sampling: sampling needs",
        ),
        (TRAIN, f"{TRAIN}\nfrozen_base = true", r"line 10, train\.frozen_base: a frozen base"),
        (TRAIN, f"{TRAIN}\n[fine_tune]\nlayers = 1\nepochs = 1", "line 10, fine_tune: .*thaws"),
        (
            TRAIN,
            f'{TRAIN}\nschedule = "plateau"\npatience = 2',
            r"line 11, train\.patience: .*set more than 2",
        ),
        (TRAIN, f"{TRAIN}\nwarm_up_epochs = 1", r'line 10, train\.warm_up.*"cosine"'),
        (
            TRAIN,
            f'{TRAIN}\nschedule = "cosine"\nwarm_up_epochs = 1',
            r"line 11, train\.warm_up_epochs: must be fewer than the epochs of \[train\]",
        ),
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


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("= 32", "= 20", "line 6, input_size: vgg16 needs at least 32 pixels"),
        (
            "epochs = 1",
            f'epochs = 4\nschedule = "cosine"\nwarm_up_epochs = 2{FINE_TUNE}',
            r"line 11, train\.warm_up_epochs: must be fewer than the epochs of \[fine_tune\]",
        ),
        (TRAIN, f"{PROBE}{FINE_TUNE[19:]}", r"line 11, fine_tune: .*not after \[probe\]"),
        (TRAIN, f'split = "image"\n{PROBE}', "line 8, split: .*judged by patient"),
        (TRAIN, f"mixed_precision = true\n{PROBE}", "line 8, mixed_precision: "),
        (
            TRAIN,
            "[probe]\npasses = 1\npenalty = 1\n[augmentation]\nflips = true",
            r"line 9, probe\.passes: .*\[augmentation\] has no effect: set passes to 2 or more",
        ),
    ],
)
def test_settings_of_pretrained_networks_that_cannot_be_used_are_named(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(PRETRAINED.replace(old, new))
    with pytest.raises(RecipeError, match=message):
        load_recipe(str(path))


def test_a_file_that_is_no_text_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="not valid TOML"):
        load_recipe(str(tmp_path / "mine.toml"))


def test_unknown_names_list_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"cancernet, .*, idc"):
        load_recipe("cancer-net")
    with pytest.raises(RecipeError, match="cannot be read"):
        load_recipe(str(tmp_path / "absent.toml"))
