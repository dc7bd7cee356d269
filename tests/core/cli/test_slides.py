"""`slides` on the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app
from tests.made_slides import pyramid, section, write_tiff


@pytest.fixture
def slide(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert home
    monkeypatch.setenv("LOBULE_SLIDES", str(tmp_path))
    return write_tiff(
        tmp_path / "a\x1b[1m.svs", pyramid(section(300, 200), 2), kind="svs", um_per_px=0.25
    )


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["slides", *words])
    assert done.exit_code == 0, done.output
    return done.output


def test_list(slide: Path) -> None:
    (listed,) = json.loads(run("list", "--json"))
    assert listed["path"] == str(slide)
    assert listed["id"] in run("list")
    assert "\x1b" not in run("list")
    slide.unlink()
    assert "LOBULE_SLIDES" in run("list")


def test_info(slide: Path) -> None:
    said = json.loads(run("info", str(slide), "--json"))
    assert (said["width"], said["height"], said["um_per_px"]) == (300, 200, 0.25)
    assert said["doubt"] is None
    words = run("info", str(slide))
    assert "300 × 200 px, 0.075 × 0.05 mm" in words
    assert "Aperio SVS" in words
    assert "20×" in words


def test_info_of_a_slide_that_opens_but_cannot_be_read(shared: Path) -> None:
    words = run("info", str(shared / "data" / "slides" / "unreadable.svs"))
    assert "16 × 16 px" in words
    assert "cannot be read around pixel 0, 0" in words


def test_info_of_what_is_no_slide_fails_in_words(tmp_path: Path) -> None:
    (tmp_path / "a.svs").write_bytes(b"%PDF")
    done = CliRunner().invoke(app, ["slides", "info", str(tmp_path / "a.svs")])
    assert done.exit_code == 1
    assert "is a PDF document" in done.stderr
