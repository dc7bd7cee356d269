"""`predict`, in process and as a real program."""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from core.cli import app
from core.diagnosis import diagnose
from core.imaging.overlay import encode_png
from core.imaging.read import read_image
from core.registry.package import Package
from core.registry.shelf import find


@pytest.fixture
def folder(shelve: Callable[[], Path], tissue: np.ndarray, tmp_path: Path) -> Path:
    """Two good images of the same name, one of them large, and one that is none."""
    shelve()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "image.png").write_bytes(encode_png(tissue[50:100, 50:100]))
    (tmp_path / "image.png").write_bytes(encode_png(tissue))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG and no more")
    return tmp_path


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout


def test_one_line_of_json_an_image_and_errors_do_not_stop_the_rest(
    folder: Path, result_keys: list[str]
) -> None:
    images = [
        folder / "image.png",
        folder / "broken.png",
        folder / "no.png",
        folder / "a/image.png",
    ]
    code, output = run("predict", *images, "--json")
    assert code == 1
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["path"] for line in lines] == [str(path) for path in images]
    assert list(lines[0]) == list(lines[3]) == result_keys
    assert list(lines[1]) == list(lines[2]) == ["path", "error"]
    assert "does not exist" in lines[2]["error"]
    assert lines[0]["tiles"] > 1
    assert lines[3]["tiles"] == 1


def test_images_in_an_archive_are_answered_like_the_files_themselves(folder: Path) -> None:
    with zipfile.ZipFile(folder / "case.zip", "w") as archive:
        archive.write(folder / "a/image.png", "/etc/one.png")
        archive.write(folder / "broken.png", "broken.png")
        archive.writestr("notes.txt", "nothing")
    (folder / "no.zip").write_bytes(b"PK and no more")
    code, output = run("predict", folder / "case.zip", folder / "no.zip", "--json")
    one, broken, left, damaged = (json.loads(line) for line in output.splitlines())
    _, alone = run("predict", folder / "a/image.png", "--json")
    assert one["probabilities"] == json.loads(alone)["probabilities"]
    assert one["path"].startswith(f"{folder}/case.zip/")
    assert broken["path"] == f"{folder}/case.zip/broken.png"
    assert "of an unknown kind" in broken["error"]
    assert left["error"] == "Left out: no image that Lobule reads (1)."
    assert "damaged or incomplete" in damaged["error"]
    assert code == 1


def test_the_line_is_the_diagnosis_of_the_same_bytes(folder: Path) -> None:
    path = folder / "image.png"
    code, output = run("predict", path, "--json", "--model", "tiny", "--um-per-px", "4")
    found = json.loads(output)
    expected = diagnose(
        path.read_bytes(), name=str(path), package=find("tiny"), um_per_px=4.0
    ).to_json()
    assert found.pop("seconds") > 0
    expected.pop("seconds")
    assert code == 0
    assert found == expected


def test_text_for_people(folder: Path) -> None:
    strange = folder / "a\nb\x1b[31m.png"
    strange.write_bytes((folder / "image.png").read_bytes())
    code, output = run("predict", strange, folder / "broken.png")
    assert code == 1
    assert "IDC from 0.400" in output.splitlines()[0]  # the line break in the name is none here
    assert "Note: The file does not state its scale" in output
    assert "broken.png: no answer." in output
    assert "\x1b" not in output


@pytest.mark.parametrize(
    ("cut_offs", "word", "why"),
    [
        ((0.0, 0.0), "undecided", "Both no IDC and IDC fit"),
        ((1.0, 1.0), "undecided", "No class fits"),
    ],
)
def test_undecided_is_said_with_its_reason_and_the_probabilities(
    home: Path,
    save_tiny: Callable[..., Package],
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    cut_offs: tuple[float, float],
    word: str,
    why: str,
) -> None:
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))
    conformal = {"level": 0.9, "cut_offs": cut_offs, "fitted_on": "nothing"}
    save_tiny(home / "models", name="sets", conformal=conformal)
    arguments = ("predict", folder / "image.png", "--model", "sets", "--um-per-px", "4")
    code, output = run(*arguments)
    assert code == 0
    assert f"image.png: {word} (no IDC 0." in output
    assert f"Note: {why}" in output
    found = json.loads(run(*arguments, "--json")[1])
    assert found["outcome"] == word
    assert found["reasons"][0].startswith(why)
    assert found["prediction_set"] == (["no IDC", "IDC"] if cut_offs == (0, 0) else [])
    assert found["predicted"] in {"no IDC", "IDC"}


def test_out_of_scope_gives_reasons_and_no_probability_in_text(folder: Path) -> None:
    arguments = ("predict", folder / "image.png", "--um-per-px", "5.5", "--model", "tiny")
    code, output = run(*arguments)
    assert code == 0
    assert "image.png: out of scope for tiny\n" in output
    assert (
        "Note: The scale was given as 5.5 µm/px, but the model takes images of up to 5 µm/px"
        in output
    )
    assert not re.search(r"\b[01]\.\d{3}\b", output)
    found = json.loads(run(*arguments, "--json")[1])
    assert (found["outcome"], found["scope"]["inside"]) == ("out of scope", False)
    assert sum(found["probabilities"]) == pytest.approx(1, abs=1e-5)


def test_heatmaps_get_names_of_their_own(folder: Path) -> None:
    strange = folder / "..$(rm) é.png"
    strange.write_bytes((folder / "image.png").read_bytes())
    images = [folder / "image.png", folder / "a/image.png", strange]
    code, _ = run("predict", *images, "--heatmap", folder / "out/maps")
    assert code == 0
    written = sorted((folder / "out/maps").iterdir())
    assert len(written) == 3
    assert all(path.name.isascii() and path.name.endswith("-tiny.png") for path in written)
    shapes = {read_image(path).pixels.shape for path in written}
    assert shapes == {(300, 420, 3), (50, 50, 3)}


def test_a_heatmap_that_cannot_be_written_is_an_error(folder: Path) -> None:
    code, output = run(
        "predict", folder / "image.png", "--json", "--heatmap", folder / "broken.png"
    )
    assert code == 1
    assert "cannot be written" in json.loads(output)["error"]


def test_an_unknown_model_and_a_senseless_scale_are_errors(folder: Path) -> None:
    for option in (["--model", "x"], ["--um-per-px", "-1"]):
        code, output = run("predict", folder / "image.png", "--json", *option)
        assert code == 1
        assert list(json.loads(output)) == ["path", "error"]


def test_a_fault_in_the_program_does_not_stop_the_rest(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_for_small(source: Path, **options: object) -> object:
        if source.parent.name == "a":
            raise ZeroDivisionError
        return diagnose(source, **options)

    monkeypatch.setattr("core.diagnosis.diagnose", fail_for_small)
    code, output = run("predict", folder / "a/image.png", folder / "image.png", "--json")
    lines = [json.loads(line) for line in output.splitlines()]
    assert code == 1
    assert "Program error: ZeroDivisionError()" in lines[0]["error"]
    assert lines[1]["model"] == "tiny"


@pytest.mark.slow
def test_the_real_program_prints_nothing_but_json(folder: Path, result_keys: list[str]) -> None:
    command = [sys.executable, "-m", "core", "predict", "--json"]
    done = subprocess.run(
        [*command, str(folder / "image.png"), str(folder / "broken.png")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0"},
    )
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(line) for line in lines] == [result_keys, ["path", "error"]]
    assert "Traceback" not in done.stderr
