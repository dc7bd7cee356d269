"""`models`: list, show and verify."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app


@pytest.fixture
def folder(shelve: Callable[[], Path], saved: Path, home: Path) -> Path:
    """A sound shipped package, and a broken one of the user's own."""
    shelve()
    broken = Path(shutil.copytree(saved, home / "models" / "broken"))
    card = broken / "card.json"
    card.write_text(card.read_text().replace('"name": "tiny"', '"name": "broken"', 1))
    (broken / "history.csv").unlink()
    return broken


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["models", *arguments])
    return result.exit_code, result.output


@pytest.mark.usefixtures("folder")
def test_list_marks_the_active_and_names_the_broken() -> None:
    code, output = run("list")
    assert code == 0
    active, broken = output.splitlines()
    assert active.startswith("* tiny  shipped  Tiny")
    assert "REFUSED" in broken
    assert "history.csv is missing" in broken
    entries = json.loads(run("list", "--json")[1])
    assert [(entry["name"], entry["active"], entry["shipped"]) for entry in entries] == [
        ("tiny", True, True),
        ("broken", False, False),
    ]


def test_an_empty_shelf_says_what_to_do(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))
    assert "make models" in run("list")[1]
    assert run("list", "--json") == (0, "[]\n")


def test_show_parts_long_names_from_their_figures() -> None:
    assert "\nAUROC, pooled, every patient alike: 0.899" in run("show", "idc")[1]


@pytest.mark.usefixtures("folder")
def test_show_tells_of_the_card(saved: Path) -> None:
    code, output = run("show", "tiny")
    assert code == 0
    for part in ("200 µm", "up to 5 µm/px", "IDC from 0.400", "no evaluation", "Not for:"):
        assert part in output
    assert run("show", "tiny", "--json") == (0, (saved / "card.json").read_text())
    code, output = run("show", "broken")
    assert code == 1
    assert "history.csv is missing" in output
    assert run("show", "x")[0] == 1


@pytest.mark.usefixtures("folder")
def test_verify_goes_through_all_and_fails_for_the_broken() -> None:
    code, output = run("verify")
    assert code == 1
    assert output.splitlines()[0] == "tiny: sound"
    assert "history.csv is missing" in output.splitlines()[1]
    assert run("verify", "tiny") == (0, "tiny: sound\n")
    assert json.loads(run("verify", "tiny", "--json")[1]) == [{"name": "tiny", "error": None}]
    assert run("verify", "broken")[0] == 1
    code, output = run("verify", "x")
    assert code == 1
    assert "no model called 'x'" in output


@pytest.mark.parametrize("command", [["list"], ["show", "idc"], ["verify"]])
def test_a_setting_that_cannot_be_used_is_said_in_words(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOBULE_MAX_IMAGE_MEGABYTES", "abc")
    code, output = run(*command)
    assert code == 1
    assert "LOBULE_MAX_IMAGE_MEGABYTES='abc'" in output
    assert "Traceback" not in output
