"""`models ensemble`: models put together from the command line, and what they then answer."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from core.cli import app
from core.imaging.overlay import encode_png
from core.registry.package import Package
from core.registry.shelf import find
from tests.core.training.test_ensemble import A, B, put, table


@pytest.fixture(autouse=True)
def _two_models(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))
    put(home, "a", table(A), 2)
    put(home, "b", table(B), 1)


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_it_stands_on_the_shelf_and_answers_images(
    home: Path, tissue: np.ndarray, tmp_path: Path
) -> None:
    assert run("models", "ensemble", "both", "a", "b") == (0, f"{home / 'models' / 'both'}\n")
    assert [part.name for part in find("both").card.members] == ["a", "b"]
    image = tmp_path / "image.png"
    image.write_bytes(encode_png(tissue[50:100, 60:110]))
    answers = {}
    for name in ("a", "b", "both"):
        code, output = run("predict", image, "--json", "--model", name, "--um-per-px", "4")
        assert code == 0
        answers[name] = json.loads(output)
    alone = [answers[name]["probabilities"][1] for name in ("a", "b")]
    assert answers["both"]["uncertainty"]["members"] == pytest.approx(alone, abs=1e-4)
    assert answers["both"]["probabilities"][1] == pytest.approx(np.mean(alone), abs=2e-6)
    assert answers["a"]["uncertainty"]["members"] is None


def test_one_that_was_not_judged_says_what_to_do(home: Path) -> None:
    put(home, "c", pd.DataFrame({"image": ["x"]}), 1)
    code, output = run("models", "ensemble", "both", "a", "c")
    assert code == 0
    assert "no decision threshold or prediction sets" in output
    assert "python -m core evaluate both --data FOLDER" in output


def test_one_whose_members_answered_a_test_part_says_why_it_has_no_limits(home: Path) -> None:
    put(home, "c", table(A, round=1, fold=1), 2, temperature=1.1)
    put(home, "d", table(B, round=1, fold=1), 1, temperature=1.1)
    code, output = run("models", "ensemble", "both", "c", "d")
    assert code == 0
    assert "Its members answered one test part" in output
    code, output = run("models", "show", "both")
    assert code == 0
    assert "6 images of 3 patients" in output
    assert "not judged yet" not in output


def test_what_cannot_be_done_is_a_sentence(home: Path, save_tiny: Callable[..., Package]) -> None:
    save_tiny(home / "models", name="fine", task="subtype", operating_point=None)
    for arguments, words in (
        (("both", "a"), "2 to 16 members; 1 were named"),
        (("both", "a", "a"), "is named twice"),
        (("both", "a", "fine"), "the task of the one is binary, of the other subtype"),
        (("both", "a", "nobody"), "There is no model"),
        (("b", "a", "b"), "already"),
    ):
        code, output = run("models", "ensemble", *arguments)
        assert code == 1
        assert words in output
        assert "Traceback" not in output
    assert not (home / "models" / "both").exists()
