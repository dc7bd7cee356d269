import pytest

from core.errors import RecipeError
from core.training.request.override import differences, override
from core.training.request.recipe import load_recipe

RESNET = load_recipe("resnet50")


def test_settings_change_and_the_others_stay() -> None:
    changed = override(
        RESNET, ["train.epochs=3", "split=image", 'balance = "none"', "fine_tune=none", "seed=7"]
    )
    assert changed.train
    assert (changed.train.epochs, changed.split, changed.balance) == (3, "image", "none")
    assert changed.fine_tune is None
    assert changed.seed == 7
    assert changed.train == RESNET.train.model_copy(update={"epochs": 3})  # type: ignore[union-attr]
    assert changed.augmentation == RESNET.augmentation
    assert override(RESNET, []) == RESNET


def test_a_table_may_be_added() -> None:
    changed = override(load_recipe("cancernet"), ["augmentation.stain=0.2"])
    assert changed.augmentation.stain == 0.2


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("epochs", "cannot be read. Write key=value"),
        ("=3", "cannot be read. Write key=value"),
        ("epochs=3", "epochs: Extra inputs are not permitted"),
        ("train.epochs=many", r"train\.epochs: Input should be a valid integer"),
        ("seed.deep=1", "'seed.deep' is unknown: seed is no table"),
        ("train.frozen_base=false", r"fine_tune: .*set train\.frozen_base = true"),
    ],
)
def test_what_cannot_be_changed_so_is_named(setting: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        override(RESNET, [setting])


@pytest.mark.parametrize(
    "changes",
    [
        [],
        ["train.epochs=3", "split=image"],
        ["fine_tune=none", "train.frozen_base=false", "augmentation.stain=0.2"],
        ["train=none", "fine_tune=none", "probe.passes=2", "probe.penalty=1e-05"],
        ['title="3"', "seed=7"],
        ['title=" A "title" of 200 µm "', "mixed_precision=true"],
    ],
)
def test_differences_make_one_recipe_into_the_other(changes: list[str]) -> None:
    changed = override(RESNET, changes)
    found = differences(RESNET, changed)
    assert override(RESNET, found) == changed
    assert len(found) == len(changes)
