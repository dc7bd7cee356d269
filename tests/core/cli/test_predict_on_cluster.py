"""Many images on other machines: printed as if they had been answered here."""

import json
import re
import zipfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from core.cli import app, predict_on_cluster
from core.cluster import Came
from core.errors import ClusterError
from core.imaging.overlay import encode_png
from core.registry.package import Package
from tests.core.cluster.elsewhere import Elsewhere

RUNNER = CliRunner()


def run(*arguments: str) -> Result:
    return RUNNER.invoke(app, ["predict", *arguments])


@pytest.fixture
def images(tmp_path: Path, tissue: np.ndarray) -> list[str]:
    """Five patches, one that is damaged, one that is not there, and an archive of two."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(5):
        patch = tissue[10 * number : 10 * number + 50, :50]
        (folder / f"{number} =1+1.png").write_bytes(encode_png(patch))
    (folder / "bad.png").write_bytes(b"no image")
    with zipfile.ZipFile(folder / "two.zip", "w") as archive:
        archive.writestr("a.png", encode_png(tissue[:50, 50:100]))
        archive.writestr("b.png", b"nothing")
        archive.writestr("c.txt", b"words")
    names = [*sorted(path.name for path in folder.glob("*.png")), "none.png", "two.zip"]
    return [str(folder / name) for name in names]


@pytest.fixture
def elsewhere(
    home: Path,
    save_tiny: Callable[..., Package],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Elsewhere:
    """A cluster to which each image goes by itself."""
    save_tiny(home / "models", name="mine")
    there = Elsewhere(tmp_path / "there")
    monkeypatch.setattr("core.cluster.share.compute", there.compute)
    monkeypatch.setattr(predict_on_cluster, "_MOST_IMAGES", 2)
    monkeypatch.setattr(import_module("core.cli.predict"), "_FEW", 1)
    monkeypatch.setattr("core.cluster.require_reachable", lambda: None)
    return there


def test_the_same_is_printed_and_written_in_the_order_of_the_images(
    images: list[str], elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["--model", "mine", "--um-per-px", "4"]
    here = run(*images, *options, "--heatmap", str(tmp_path / "here"))
    as_json = run(*images, *options, "--json")
    assert not elsewhere.given
    monkeypatch.setenv("LOBULE_RAY", "auto")
    there = run(*images, *options, "--heatmap", str(tmp_path / "maps"))
    assert len(elsewhere.given) == 5
    clock = re.compile(r"[\d.]+ s$", re.MULTILINE)
    assert clock.sub("", there.stdout) == clock.sub("", here.stdout)
    assert "none.png does not exist" in there.stdout
    assert (here.exit_code, there.exit_code) == (1, 1)
    maps = {path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "maps").iterdir()} == maps
    assert len(maps) == 6
    for line, same in zip(
        run(*images, *options, "--json").stdout.splitlines(),
        as_json.stdout.splitlines(),
        strict=True,
    ):
        first, second = json.loads(line), json.loads(same)
        first.pop("seconds", None), second.pop("seconds", None)
        assert first == second


def test_few_images_or_no_named_model_stay_here(
    images: list[str], elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOBULE_RAY", "auto")
    assert run(images[0], "--model", "mine", "--um-per-px", "4").exit_code == 0
    told = run(*images[:2], "--um-per-px", "4")
    assert "name the model with --model" in told.stderr
    assert not elsewhere.given


def test_a_heatmap_that_cannot_be_written_costs_its_image_alone(
    images: list[str], elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOBULE_RAY", "auto")
    (tmp_path / "file").write_text("")
    told = run(*images[:2], "--model", "mine", "--heatmap", str(tmp_path / "file"))
    assert elsewhere.given
    assert told.stdout.count("cannot be written") == 2
    assert told.exit_code == 1


@pytest.mark.usefixtures("elsewhere")
def test_a_model_that_is_not_there_is_said(
    images: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOBULE_RAY", "auto")
    told = run(*images, "--model", "nobody")
    assert told.exit_code == 1
    assert "no model called 'nobody'" in told.stderr


@pytest.mark.usefixtures("elsewhere")
def test_a_piece_that_is_lost_costs_its_images_alone(
    images: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Loses(Elsewhere):
        def compute(self, *arguments: Any, **options: Any) -> Iterator[Came]:
            for came in super().compute(*arguments, **options):
                lost = ClusterError("Its process died 5 times.") if came.key == "2" else None
                yield Came(came.key, None if lost else came.result, lost)

    monkeypatch.setattr("core.cluster.share.compute", Loses(tmp_path / "other").compute)
    monkeypatch.setenv("LOBULE_RAY", "auto")
    told = run(*images[:6], "--model", "mine", "--um-per-px", "4")
    assert told.stdout.count("no answer. Its process died 5 times.") == 2
    assert told.stdout.count(": out of scope") + told.stdout.count(" tile, ") == 3
    assert told.exit_code == 1


def test_archives_are_in_memory_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("core.cli.predict")
    monkeypatch.setattr(module, "_MOST_BYTES", 10)
    files = [("a", b"x" * 6), ("b", None), ("c", b"x" * 5), ("d", b"x" * 20), ("e", b"x")]
    groups = list(module._groups(iter(files)))
    assert [[name for name, _ in group] for group in groups] == [["a", "b"], ["c"], ["d"], ["e"]]
