"""`datasets audit`."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["datasets", "audit", *map(str, arguments)])
    return result.exit_code, result.output


@pytest.fixture
def wrong(tiny_idc: Path, tmp_path: Path) -> Path:
    """The tiny dataset, with one patch under both classes."""
    folder = tmp_path / "wrong"
    shutil.copytree(tiny_idc, folder)
    patch = next(iter(sorted((folder / "1" / "0").glob("*.png"))))
    shutil.copy(patch, folder / "1" / "1" / "1_idx5_x9001_y9001_class1.png")
    return folder


def test_a_sound_folder_exits_with_zero(tiny_idc: Path) -> None:
    code, output = run(tiny_idc)
    assert code == 0
    assert "IDC: 140 images, 8 patients" in output
    assert "colour-predicts-class" in output


def test_errors_exit_with_one_until_they_are_decided(wrong: Path, tmp_path: Path) -> None:
    code, output = run(wrong, "--json")
    result = json.loads(output)
    assert code == 1
    assert result["findings"][0]["code"] == "duplicate-across-classes"
    assert result["decisions"] == {
        "drop": [],
        "keep": [],
        "one_person": [],
        "apart": [],
    }
    file = tmp_path / "decisions.json"
    code, output = run(wrong, "--drop", "duplicate-across-classes", "--decisions", file)
    assert code == 0
    assert "2 files are dropped by decision" in output
    assert len(json.loads(file.read_text())["drop"]) == 2
    code, output = run(wrong, "--json", "--decisions", file)
    assert (code, len(json.loads(output)["decisions"]["drop"])) == (0, 2)
    assert run(wrong)[0] == 1


def test_what_cannot_be_done_is_said(tiny_idc: Path, tmp_path: Path) -> None:
    code, output = run(tmp_path / "nowhere")
    assert (code, "no folder" in output.lower() or "nowhere" in output) == (1, True)
    code, output = run(tiny_idc, "--keep", "blank")
    assert code == 1
    assert "no finding “blank”" in output
