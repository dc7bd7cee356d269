"""`evaluate` from the folder to the figures."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from core.cli import app
from core.evaluation.judge import evaluation_of
from core.evaluation.predictions_file import read_predictions
from core.imaging.overlay import encode_png

ASK = ("evaluate", "tiny", "--data")
CHANGES = re.compile(
    r"stain shifted|blurred by|JPEG of quality|\d+ % (brighter|darker|larger|smaller)"
)


@pytest.fixture
def folder(shelve: Callable[[], Path], tmp_path: Path) -> Path:
    """Six patients, two patches of each class each."""
    shelve()
    random = np.random.default_rng(0)
    for patient in range(4, 10):
        for number in range(4):
            pixels = random.integers(0, 255, (50, 50, 3)).astype(np.uint8)
            name = f"{patient}_idx5_x{number}_y1_class{number % 2}.png"
            (tmp_path / "data").mkdir(exist_ok=True)
            (tmp_path / "data" / name).write_bytes(encode_png(pixels))
    return tmp_path


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_json_and_the_file_agree(folder: Path) -> None:
    out = folder / "answers.csv"
    code, output, _ = run(*ASK, folder / "data", "--out", out, "--no-robustness", "--json")
    assert code == 0
    content = json.loads(output)
    assert content["answers"] == str(out)
    assert content["robustness"] == []
    assert (content["images"], content["patients"], content["leaky"]) == (24, 6, False)
    judged = evaluation_of(read_predictions(out, ("no IDC", "IDC"), "IDC"))
    for name, figure in judged.figures.items():
        assert content["figures"][name]["value"] == pytest.approx(figure.value, abs=1e-4)


def test_text_for_people_with_curves_and_the_place_of_the_answers(folder: Path, home: Path) -> None:
    code, output, _ = run(*ASK, folder / "data")
    assert code == 0
    assert output.startswith("tiny on IDC: 24 images of 6 patients.")
    assert "AUROC" in output
    # One line a change and amount, three each of stain, blur and JPEG and four of light and scale.
    assert sum(bool(CHANGES.match(line)) for line in output.splitlines()) == 17
    (place,) = (home / "evaluations").iterdir()
    assert re.fullmatch(r"tiny-IDC-\d{8}-\d{6}", place.name)
    assert [each.name for each in place.iterdir()] == ["predictions.csv"]
    assert output.splitlines()[-1] == f"Answers: {place / 'predictions.csv'}"
    assert len(read_predictions(place / "predictions.csv", ("no IDC", "IDC"), "IDC").labels) == 24


def test_refusals_are_one_sentence_and_leave_nothing(folder: Path) -> None:
    code, _, error = run("evaluate", "none", "--data", folder / "data", "--no-robustness")
    assert code == 1
    assert "no model called 'none'" in error
    code, _, error = run("evaluate", "tiny", "--data", folder / "nothing")
    assert code == 1
    assert "nothing" in error
    taken = folder / "taken"
    taken.mkdir()
    code, _, error = run(*ASK, folder / "data", "--out", taken, "--no-robustness")
    assert code == 1
    assert "could not be written" in error
    assert sorted(each.name for each in folder.iterdir() if "taken" in each.name) == ["taken"]
