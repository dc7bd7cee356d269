import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.registry.package import load_package
from core.training.planning.timing import Timing

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
def test_without_a_name_it_is_called_after_the_recipe(
    home: Path, tiny_idc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timing = Timing(device="a device", image_seconds=[0.01], weight_bytes=1_000_000)
    monkeypatch.setattr("core.training.planning.plan.time_recipe", lambda *_: timing)
    (home / "models" / "cnn3").mkdir(parents=True)
    command = ["train", "--recipe", "cnn3", "--data", str(tiny_idc), "--dry-run"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert "The model will be called cnn3-2" in result.stderr


@pytest.mark.parametrize("scale", ["0", "-1", "nan", "inf"])
def test_a_scale_that_no_image_has_is_refused(tmp_path: Path, scale: str) -> None:
    command = ["train", "--recipe", "cnn3", "--data", str(tmp_path), "--name", "mine"]
    result = CliRunner().invoke(app, [*command, "--um-per-px", scale])
    assert result.exit_code == 2
    assert "is no scale of an image" in result.stderr


@pytest.mark.slow
def test_plain_folders_of_stated_scale_become_a_model(
    home: Path, tiny_idc: Path, tmp_path: Path
) -> None:
    for label, name in enumerate(("benign", "malignant")):
        (tmp_path / name).mkdir()
        for number, path in enumerate(sorted(tiny_idc.glob(f"*/{label}/*.png"))[:20]):
            shutil.copy(path, tmp_path / name / f"{number}.png")
    command = ["train", "--recipe", "cnn3", "--data", str(tmp_path), "--name", "mine"]
    command += ["--split", "image", "--set", "train.epochs=1", "--set", "input_size=32"]
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 1
    assert "--um-per-px" in refused.stderr
    result = CliRunner().invoke(app, [*command, "--um-per-px", "0.5", "--name", "other"])
    assert result.exit_code == 0, result.output
    card = load_package(home / "models" / "other").card
    # The patches of IDC have 50 pixels a side.
    assert (card.input.um_per_px, card.input.field_um) == (0.5, 25.0)
    assert "--um-per-px 0.5" in card.training.command
    assert any("0.5 µm/px, was stated" in note for note in card.evaluation.notes)


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
