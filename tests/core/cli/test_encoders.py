import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.encoders.shelf import find_encoder
from tests import made_encoders as made

STATED = (
    *("--name", "toy", "--source", "https://example.org/toy", "--licence", "CC-BY-NC-4.0"),
    *("--commercial", "no", "--citation", "Nobody (2026)", "--size", "32"),
)


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["encoders", *words])
    return result.exit_code, result.output


def test_one_is_added_listed_shown_verified_and_removed(tmp_path: Path) -> None:
    code, text = run("list")
    assert code == 0
    assert text.startswith("No encoders. `python -m core encoders list --known` lists published")
    given = str(made.convolutional(tmp_path / "toy.xml"))
    code, text = run("add", given, *STATED, "--mean", "0.7,0.5,0.6", "--um-per-px", "0.5")
    assert code == 0, text
    assert "python -m core train --recipe probe --encoder toy --data FOLDER" in text
    assert find_encoder("toy").card.input.mean == (0.7, 0.5, 0.6)
    line = "24 features of 32×32 px, trained at 0.5 µm/px (CC-BY-NC-4.0, not for commercial use)"
    assert line in run("list")[1]
    (entry,) = json.loads(run("list", "--json")[1])
    assert entry["sha256"] == find_encoder("toy").card.sha256
    shown = run("show", "toy")[1]
    assert re.search(r"^Places: +4×4, exact$", shown, flags=re.MULTILINE)
    assert json.loads(run("show", "toy", "--json")[1])["dimension"] == 24
    assert run("verify") == (0, "toy: sound\n")
    (find_encoder("toy").path / "graph.bin").write_bytes(b"")
    code, text = run("verify", "toy")
    assert code == 1
    assert "graph.bin is changed" in text
    assert run("remove", "toy", "--yes") == (0, "toy was deleted.\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--mean", "1,2"), "--mean '1,2' is not three numbers"),
        (("--deviation", "0,1,1"), "input cannot be as stated"),
        (("--features", "class-token"), "was asked for"),
        (("--size", "64"), "by --size 32"),
    ],
)
def test_what_is_stated_wrongly_is_refused_in_words(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    given = str(made.convolutional(tmp_path / "toy.xml"))
    code, text = run("add", given, *STATED, *words)
    assert code == 1
    assert said in text
    assert run("list")[1].startswith("No encoders")


def test_names_and_words_of_others_are_text(tmp_path: Path) -> None:
    given = str(made.convolutional(tmp_path / "toy.xml"))
    run("add", given, *STATED, "--title", "\x1b[31mred\x1b[0m")
    for words in (("list",), ("show", "toy")):
        assert "\x1b" not in run(*words)[1]
