"""`models adopt`: what it prints, and that what cannot be done is a sentence."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.registry.shelf import find

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _no_others(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["models", *(str(argument) for argument in arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_a_network_stands_among_the_models_unjudged(made_elsewhere: Path, home: Path) -> None:
    code, output = run(
        *("adopt", made_elsewhere, "--classes", "no IDC,IDC", "--name", "theirs", "--um-per-px", 4),
        *("--scaling", "signed"),
    )
    assert code == 0, output
    assert "A flat network of" in output
    assert "Heatmaps explain last" in output
    assert "not judged" in output
    assert str(home / "models" / "theirs") in output
    code, output = run("show", "theirs")
    assert code == 0
    assert "Made elsewhere (theirs.h5)" in output
    assert "split by" not in output
    code, output = run("card", "theirs")
    assert "not judged" in output


def test_with_a_folder_it_is_judged_and_the_figures_are_said(
    made_elsewhere: Path, tiny_idc: Path
) -> None:
    code, output = run(
        *("adopt", made_elsewhere, "--classes", "no IDC", "--classes", "IDC", "--name", "theirs"),
        *("--data", tiny_idc, "--unseen"),
    )
    assert code == 0, output
    assert "proposed by trial" in output
    assert "120 images of 6 patients" in output
    card = find("theirs").card
    assert card.evaluation
    assert "--data FOLDER --unseen" in card.training.command


def test_what_cannot_be_done_is_a_sentence(made_elsewhere: Path, tmp_path: Path) -> None:
    stated = ("--um-per-px", 4, "--scaling", "unit")
    damaged = tmp_path / "damaged.h5"
    damaged.write_bytes(made_elsewhere.read_bytes()[:1000])
    for arguments, words in (
        ((tmp_path / "none.h5", "--classes", "no IDC,IDC", *stated), "cannot be read"),
        ((damaged, "--classes", "no IDC,IDC", *stated), "damaged or cut off"),
        ((made_elsewhere, "--classes", "a,b,c", *stated), "tells 2 classes apart"),
        ((made_elsewhere, "--classes", "no IDC,IDC", "--um-per-px", 4), "How colours are scaled"),
        (
            (made_elsewhere, "--classes", "no IDC,IDC", "--scaling", "unit"),
            "The scale is unknown",
        ),
    ):
        code, output = run("adopt", *arguments, "--name", "theirs")
        assert code == 1
        assert words in output
        assert "Traceback" not in output
