"""What is said of a run before it starts."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.datasets.open import open_dataset
from core.datasets.split import split_dataset
from core.jobs.lock import let_go, take
from core.training.planning.plan import plan
from core.training.planning.timing import Timing
from core.training.request.override import override
from core.training.request.recipe import Recipe
from core.training.request.request import Request

RECIPE = Recipe.model_validate(
    {"name": "test", "title": "Test", "architecture": "cnn3", "head": "sigmoid"}
    | {"weights": "none", "input_size": 32, "balance": "none", "train": {"epochs": 7}}
)


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each image take a hundredth of a second."""
    timing = Timing(device="a device", image_seconds=[0.01], weight_bytes=1_000_000)
    monkeypatch.setattr("core.training.planning.plan.time_recipe", lambda *_: timing)


def request(data: Path, *settings: str, **changes: object) -> Request:
    return Request(recipe=override(RECIPE, settings), data=data, name="mine", **changes)


@pytest.mark.usefixtures("timed")
@pytest.mark.parametrize("kind", ["patient", "image"])
def test_the_parts_are_those_that_will_be_trained_on(tiny_idc: Path, kind: str) -> None:
    found = plan(request(tiny_idc, f"split={kind}"))
    dataset = open_dataset(tiny_idc)
    for name, rows in split_dataset(dataset, kind, 0).parts().items():
        records = dataset.records.iloc[rows]
        part = found.parts[name]
        assert (part.patients, part.images) == (records["patient"].nunique(), len(records))
        assert list(part.classes.values()) == [sum(records["label"] == 0), sum(records["label"])]
    assert found.refusals == ()
    assert found.classes == ("no IDC", "IDC")
    assert (found.device, found.epochs, found.crops) == ("a device", 7, 1)
    assert found.disk_needed == 140 * 32 * 32 * 3 + 14 * 1_000_000
    assert found.disk_free > 0


@pytest.mark.usefixtures("timed")
def test_a_scale_that_is_not_known_is_said_until_it_is_stated(
    tiny_idc: Path, tmp_path: Path
) -> None:
    for label, name in enumerate(("benign", "malignant")):
        shutil.copytree(tiny_idc / "1" / str(label), tmp_path / name)
        for number, path in enumerate(sorted((tmp_path / name).iterdir())):
            path.rename(path.with_name(f"{number}.png"))
    found = plan(request(tmp_path, "split=image"))
    assert not found.scale_known
    assert "--um-per-px" in found.refusals[0]
    found = plan(request(tmp_path, "split=image", um_per_px=0.5))
    assert (found.scale_known, found.refusals) == (True, ())
    assert "0.5 µm/px, was stated" in found.notes[-1]


@pytest.mark.usefixtures("timed")
def test_the_time_is_that_of_all_images_of_all_epochs(tiny_idc: Path) -> None:
    found = plan(request(tiny_idc))
    images = found.parts["train"].images + found.parts["validation"].images / 3
    assert found.seconds_an_epoch == pytest.approx(images * 0.01)
    assert found.seconds == pytest.approx(7 * images * 0.01, abs=2)


@pytest.mark.usefixtures("timed")
def test_the_time_of_every_fold_is_told(tmp_path: Path, draw: Callable[..., Path]) -> None:
    for patient in range(25):
        for name in ("benign", "malignant"):
            draw(tmp_path / name / f"p{patient}_{name}.png", seed=patient)
    found = plan(request(tmp_path, patient_pattern="/(?P<patient>p[0-9]+)_", um_per_px=1.0))
    assert found.refusals == ()
    parts = {name: (part.patients, part.images) for name, part in found.parts.items()}
    assert parts == {"train": (20, 40), "validation": (5, 10)}
    assert found.folds == 5
    assert found.seconds_an_epoch == pytest.approx((40 + 10 / 3) * 0.01)
    # Each fold's model learns from 30 images instead of 40.
    assert found.seconds == pytest.approx(7 * found.seconds_an_epoch * (1 + 5 * 3 / 4), abs=2)


@pytest.mark.usefixtures("timed")
def test_everything_that_cannot_work_is_said_at_once(tiny_idc: Path, home: Path) -> None:
    (home / "models" / "mine").mkdir(parents=True)
    shutil.copytree(tiny_idc / "1", home / "data" / "1")
    refusals = plan(request(home / "data")).refusals
    assert len(refusals) == 2
    assert "already a model named 'mine'" in refusals[0]
    assert "has 1 patient" in refusals[1]


def test_data_that_are_not_there_are_refused_once(tmp_path: Path) -> None:
    found = plan(request(tmp_path / "none"))
    assert len(found.refusals) == 1
    assert "no folder or manifest" in found.refusals[0]


@pytest.mark.usefixtures("timed")
def test_a_disk_that_is_too_small_is_refused(
    tiny_idc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    refusals = plan(request(tiny_idc)).refusals
    assert len(refusals) == 1
    assert "0.0 GB are free" in refusals[0]


def test_while_a_run_trains_nothing_is_timed(tiny_idc: Path, home: Path) -> None:
    (home / "runs").mkdir()
    device = take(home / "runs" / "device.lock")
    found = plan(request(tiny_idc))
    let_go(device)
    assert found.refusals == ()
    assert (found.device, found.seconds) == (None, None)
    assert "Another run is training" in found.notes[-1]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_steps_are_timed_in_another_process(tiny_idc: Path, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(
        'title = "T"\narchitecture = "cnn3"\nhead = "sigmoid"\nweights = "none"\n'
        'input_size = 32\nbalance = "none"\n[train]\nepochs = 4\n'
    )
    command = ["train", "--recipe", str(tmp_path / "r.toml"), "--data", str(tiny_idc)]
    result = CliRunner().invoke(app, [*command, "--name", "mine", "--dry-run"])
    assert result.exit_code == 0, result.output
    assert "Device:     processor" in result.stdout
    assert "Time:       at most" in result.stdout
    assert "4 epochs of" in result.stdout
    assert "2 patients; no IDC" in result.stdout


@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_network_that_cannot_be_had_is_refused(
    tiny_idc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mobilenetv2_notop.weights.h5").write_bytes(b"no weights")
    monkeypatch.setenv("LOBULE_WEIGHTS", str(tmp_path))
    changes = ["architecture=mobilenetv2", "head=softmax", "weights=imagenet"]
    refusals = plan(request(tiny_idc, *changes)).refusals
    assert len(refusals) == 1
    assert "does not hold the weights of mobilenetv2" in refusals[0]


@pytest.mark.usefixtures("timed")
def test_a_plan_that_cannot_work_fails_on_the_command_line(tmp_path: Path) -> None:
    command = ["train", "--recipe", "cancernet", "--data", str(tmp_path / "no"), "--name", "mine"]
    result = CliRunner().invoke(app, [*command, "--dry-run"])
    assert result.exit_code == 1
    assert "It cannot run: There is no folder" in result.stderr


def test_planning_loads_no_tensorflow() -> None:
    program = "import core.training.planning.plan, sys, json; print(json.dumps([*sys.modules]))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert not {"tensorflow", "keras"} & set(json.loads(answer.stdout))
