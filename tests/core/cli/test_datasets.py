import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from core.cli import app
from core.datasets.open import open_dataset
from core.datasets.sources import ARCHIVES

runner = CliRunner()


def put_archive(folder: Path) -> None:
    """Lay an archive of one IDC patch where a person would."""
    patch = cv2.imencode(".png", np.zeros((50, 50, 3), np.uint8))[1].tobytes()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("IDC_regular_ps50_idx5/7/1/7_idx5_x1_y51_class1.png", patch)
    folder.mkdir(parents=True)
    (folder / ARCHIVES["idc"].file_name).write_bytes(stream.getvalue())


@pytest.fixture(autouse=True)
def enough_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.datasets.download._require_space", lambda *_: None)


def test_dataset_lands_in_the_home_and_can_be_opened(home: Path) -> None:
    put_archive(home / "downloads" / "idc")
    result = runner.invoke(app, ["datasets", "download", "idc"])
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(home / "downloads" / "idc" / "images")
    assert open_dataset(Path(result.stdout.strip())).records["patient"].tolist() == ["7"]
    source = ARCHIVES["idc"]
    for part in (f"Licence: {source.licence}", "Cite: Cruz-Roa", source.address):
        assert part in result.stderr


def test_another_folder_can_be_chosen(tmp_path: Path) -> None:
    put_archive(tmp_path / "here")
    result = runner.invoke(app, ["datasets", "download", "idc", "--to", str(tmp_path / "here")])
    assert result.stdout.strip() == str(tmp_path / "here" / "images")


def test_failure_is_a_sentence_and_an_exit_code(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = runner.invoke(app, ["datasets", "download", "idc", "--to", str(tmp_path / "file")])
    assert result.exit_code == 1
    assert "cannot be written to" in result.stderr
    assert not result.stdout


def test_interruption_says_that_it_can_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.datasets.download.download", interrupt)
    result = runner.invoke(app, ["datasets", "download", "breakhis"])
    assert result.exit_code == 130
    assert "continues from there" in result.stderr


def test_unknown_names_are_refused() -> None:
    result = runner.invoke(app, ["datasets", "download", "other"])
    assert result.exit_code == 2
    assert "breakhis" in result.stderr
