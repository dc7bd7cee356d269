"""`models activate`, `rename`, `delete`, `export`, `import` and `card`."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from core.cli import app
from core.registry.shelf import active_name


@pytest.fixture(autouse=True)
def _shelf(shelve: Callable[[], Path]) -> None:
    shelve()


def run(*arguments: object, say: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["models", *map(str, arguments)], input=say)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def test_a_model_goes_out_comes_back_and_is_looked_after(tmp_path: Path, home: Path) -> None:
    file = tmp_path / "tiny.zip"
    assert run("export", "tiny", file)[0] == 0
    code, output = run("export", "tiny", file)
    assert (code, "there already" in output) == (1, True)
    code, output = run("import", file)
    assert (code, "already a model called 'tiny'" in output) == (1, True)
    assert run("import", file, "--name", "copy") == (0, f"{home / 'models' / 'copy'}\n")
    assert run("activate", "copy")[0] == 0
    assert run("rename", "copy", "mine", "--title", "Mine")[0] == 0
    assert active_name() == "mine"
    assert run("delete", "mine", say="n\n")[0] == 1
    assert active_name() == "mine"
    assert run("delete", "mine", say="y\n")[0] == 0
    assert active_name() == "tiny"
    assert not list((home / "models").iterdir())


def test_a_card_is_printed(tmp_path: Path) -> None:
    code, output = run("card", "tiny")
    assert code == 0
    assert output.startswith("# Model card: Tiny")
    file = tmp_path / "card.pdf"
    assert run("card", "tiny", "--pdf", file)[0] == 0
    assert len(PdfReader(io.BytesIO(file.read_bytes())).pages) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["card.pdf"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("activate", "nobody"), "There is no model"),
        (("rename", "tiny", "other"), "ships with Lobule"),
        (("delete", "tiny", "--yes"), "ships with Lobule"),
        (("export", "tiny", "nowhere/at/all.zip"), "cannot be written"),
        (("import", "nowhere.zip"), "There is no file"),
        (("card", "tiny", "--pdf", "nowhere/card.pdf"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(arguments: tuple[str, ...], words: str) -> None:
    code, output = run(*arguments)
    assert code == 1
    assert words in output
