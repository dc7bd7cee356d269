"""`sweep` and `sweeps`, with answers that are computed by nobody."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.training.sweep import run as sweep_run
from tests.core.training.sweep import made_sweeps
from tests.core.training.sweep.test_run import in_this_process, pretended

FILE = """
data = "idc"
[[recipes]]
recipe = "cnn3"
set.input_size = 32
vary.train.learning_rate = [1e-3, 1e-2]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweeps")
    made_sweeps.write_twenty(folder / "idc")
    (folder / "rates.toml").write_text(FILE, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _computed_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_run, "compute", in_this_process)
    monkeypatch.setattr(sweep_run, "answer_by_fit", pretended)
    monkeypatch.setattr(sweep_run, "_cards", lambda: 0)


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_a_sweep_ends_in_its_table_and_what_it_is_worth(folder: Path) -> None:
    code, output = run("sweep", folder / "rates.toml")
    assert code == 0
    lines = output.splitlines()
    assert "120 images of 20 patients" in output
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 4
    assert table[2].startswith("| cnn3, train.learning_rate=0.01 |")
    assert "| winner |" in table[2]
    assert "nested folds" in output
    assert "The highest of 2 held-out figures" in output
    assert lines[-1].startswith("python -m core train --recipe cnn3 ")
    code, output = run("sweeps", "list")
    assert code == 0
    name = output.split()[0]
    assert name.endswith("-rates")
    assert "finished" in output
    code, shown = run("sweeps", "show", name)
    assert code == 0
    assert table[2] in shown
    code, text = run("sweeps", "show", name, "--json")
    told = json.loads(text)
    assert told["state"] == "finished"
    assert told["result"]["candidates"][0]["name"] == "cnn3, train.learning_rate=0.01"
    assert {piece["where"] for piece in told["pieces"]} == {"here"}
    code, output = run("sweeps", "cancel", name)
    assert code == 1
    assert "already finished" in output


def test_json_is_one_line(folder: Path) -> None:
    code, output = run("sweep", folder / "rates.toml", "--json")
    assert code == 0
    told = json.loads(output.splitlines()[-1])
    assert told["patients"] == 20
    assert told["nested_auroc"]["interval"][0] < told["nested_auroc"]["value"]


def test_what_is_wrong_is_one_sentence_and_no_sweep(folder: Path) -> None:
    (folder / "wrong.toml").write_text("data = 3", encoding="utf-8")
    code, output = run("sweep", folder / "wrong.toml")
    assert code == 1
    assert "wrong.toml" in output
    assert "Traceback" not in output
    assert run("sweeps", "list") == (0, "No sweeps. `python -m core sweep FILE.toml` starts one.\n")
    code, output = run("sweeps", "resume", "20260101-000000-none")
    assert code == 1
    assert "There is no sweep" in output
