from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app

RECIPE = """
title = "Quick"
architecture = "cnn3"
head = "softmax"
weights = "none"
input_size = 24
balance = "class"
[train]
epochs = 1
"""


def test_unknown_recipes_are_refused_in_words(tiny_idc: Path) -> None:
    command = ["train", "--recipe", "none", "--data", str(tiny_idc), "--name", "mine"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "There is no recipe 'none'. Choose one of " in result.stderr
    assert result.stdout == ""


def test_missing_data_are_refused_in_words(tmp_path: Path) -> None:
    command = ["train", "--recipe", "cancernet", "--data", str(tmp_path / "no"), "--name", "mine"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "There is no folder" in result.stderr


@pytest.mark.slow
def test_a_model_is_trained_and_reported(home: Path, tiny_idc: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "quick.toml"
    recipe.write_text(RECIPE)
    command = ["train", "--recipe", str(recipe), "--data", str(tiny_idc), "--name", "mine"]
    result = CliRunner().invoke(app, [*command, "--split", "image"])
    assert result.exit_code == 0, result.output
    assert (home / "models" / "mine" / "card.json").is_file()
    assert "LEAKY SPLIT" in result.stdout
    assert "colour alone" in result.stdout
    again = CliRunner().invoke(app, command)
    assert again.exit_code == 1
    assert "--replace" in again.stderr
