"""A request's name can be had, and its command repeats the run."""

import shlex
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.errors import TrainingError
from core.training.request.override import override
from core.training.request.recipe import load_recipe
from core.training.request.request import Request, check_name, command_of, suggested_name


def test_a_recipe_as_it_ships_needs_no_more_than_its_name() -> None:
    request = Request(recipe=load_recipe("idc"), data=Path("/secret/place"), name="mine")
    assert command_of(request) == "python -m core train --recipe idc --data FOLDER --name mine"


def test_everything_that_was_asked_for_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = ["split=image", "train.epochs=3", "title=It's $HOME", "fine_tune=none"]
    request = Request(
        recipe=override(load_recipe("resnet50"), changes),
        data=tmp_path,
        name="mine",
        magnifications=("40X", "100X"),
        patient_pattern=r"(?P<patient>\d+) 'of' $x",
    )
    asked = []
    monkeypatch.setattr(import_module("core.cli.train"), "print_plan", asked.append)
    words = shlex.split(command_of(request).replace("FOLDER", shlex.quote(str(tmp_path))))
    assert words[:4] == ["python", "-m", "core", "train"]
    result = CliRunner().invoke(app, [*words[3:], "--dry-run"])
    assert result.exit_code == 0, result.output
    assert asked[0].model_copy(update={"changes": ()}) == request


def test_a_recipe_of_a_file_is_named_with_what_was_changed_in_it(tmp_path: Path) -> None:
    recipe = load_recipe("cnn3").model_copy(update={"name": "my own"})
    changes = ("train.epochs=3", 'task="binary"')
    request = Request(recipe=recipe, data=tmp_path, name="mine", changes=changes)
    assert command_of(request) == (
        "python -m core train --recipe 'my own.toml' --data FOLDER --name mine "
        "--set train.epochs=3 --task binary"
    )


@pytest.mark.parametrize("name", ["My Model", "", "../idc", "idc.2", "-idc", "ä", "a" * 65])
def test_names_that_no_package_can_have_are_refused(name: str) -> None:
    with pytest.raises(TrainingError, match="lower-case letters"):
        check_name(name)


def test_a_good_name_passes() -> None:
    check_name("idc-2_b")


def test_names_that_the_shelf_or_a_run_has_are_passed_over(tmp_path: Path) -> None:
    assert suggested_name("cnn3", tmp_path / "none", set()) == "cnn3"
    (tmp_path / "cnn3").mkdir()
    assert suggested_name("cnn3", tmp_path, {"cnn3-2"}) == "cnn3-3"


@pytest.mark.parametrize("recipe", ["My recipe (2)", "_", "µ", "a" * 99, "-x", "../up"])
def test_any_file_gives_a_name_that_a_model_can_have(recipe: str, tmp_path: Path) -> None:
    (tmp_path / suggested_name(recipe, tmp_path, set())).mkdir()
    check_name(suggested_name(recipe, tmp_path, set()))
