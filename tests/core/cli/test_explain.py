"""`explain check` from the model to its card."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import core.explain.check
from core.cli import app
from core.explain.methods.catalogue import METHODS
from core.registry.card_parts import Randomisation
from core.registry.shelf import find
from tests.core.registry.test_manage import FOUND


@pytest.fixture
def models(shelve: Callable[[], Path], saved: Path, home: Path) -> None:
    """A shipped model `tiny` and one of the user's own, `mine`."""
    shelve()
    own = Path(shutil.copytree(saved, home / "models" / "mine"))
    card = json.loads((own / "card.json").read_text())
    (own / "card.json").write_text(json.dumps({**card, "name": "mine"}))


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What is asked of the test, which finds the same at once."""
    asked: list[tuple[Any, ...]] = []

    def check(classifier: Any, inputs: Any, images_of: str, *_: Any) -> Randomisation:
        asked.append((classifier.card.name, inputs.shape, images_of))
        return Randomisation.model_validate({**FOUND, "images_of": images_of})

    monkeypatch.setattr(core.explain.check, "check_explanations", check)
    return asked


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["explain", "check", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("models")
@pytest.mark.exhaustive
def test_an_own_model_is_tested_and_has_it_in_its_card() -> None:
    code, output, _ = run("mine", "--json")
    assert code == 0
    told = json.loads(output)
    assert told["written"] is True
    assert [own["method"] for own in told["methods"]] == list(METHODS)
    written = find("mine").card.explanations
    assert written
    assert written.model_dump(mode="json") == {
        key: value for key, value in told.items() if key not in {"model", "written"}
    }
    assert find("tiny").card.explanations is None


@pytest.mark.usefixtures("models")
def test_a_shipped_model_is_only_written_to_when_asked(seen: list[Any]) -> None:
    code, output, _ = run("tiny")
    assert code == 0
    assert "UNCHANGED" in output
    assert "its card stays as it is without --shipped" in output
    assert find("tiny").card.explanations is None
    code, output, _ = run("tiny", "--shipped")
    assert "Written into the card of tiny." in output
    assert find("tiny").card.explanations
    assert seen == 2 * [("tiny", (3, 32, 32, 3), "synthetic sections (phantom)")]


@pytest.mark.usefixtures("models")
def test_real_images_can_be_given(seen: list[Any], tiny_idc: Path) -> None:
    assert run("mine", "--data", tiny_idc)[0] == 0
    assert seen == [("mine", (3, 32, 32, 3), "images of IDC")]


@pytest.mark.usefixtures("models", "seen")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("none",), "no model called 'none'"), (("mine", "--data", "/nowhere"), "/nowhere")],
)
def test_what_is_not_there_is_a_sentence(arguments: tuple[str, ...], words: str) -> None:
    code, _, error = run(*arguments)
    assert code == 1
    assert words in error
    assert "Traceback" not in error


@pytest.mark.usefixtures("models")
def test_ctrl_c_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> np.ndarray:
        raise KeyboardInterrupt

    monkeypatch.setattr(core.explain.check, "check_explanations", stop)
    assert run("mine")[0] == 130
    assert find("mine").card.explanations is None


@pytest.mark.usefixtures("models", "seen")
def test_the_card_tells_people() -> None:
    run("mine")
    shown = CliRunner().invoke(app, ["models", "show", "mine"]).stdout
    page = CliRunner().invoke(app, ["models", "card", "mine"]).stdout
    assert "Explanations:" in shown
    assert "do not show what was learnt" in " ".join(page.split())
