"""The command on a card repeats the run."""

import shlex
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.training.request.command import command_of
from core.training.request.override import override
from core.training.request.recipe import load_recipe
from core.training.request.request import Request


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
