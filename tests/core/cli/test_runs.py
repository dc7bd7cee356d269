"""`runs`, and `train` around a run, by runs that pretend to train."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from core.cli import app
from core.errors import Stopped
from core.training.jobs import list_runs, read_run, run_here, start
from core.training.jobs.folder import find_folder
from core.training.request.request import Request
from core.training.watch import Watch

ROOT = Path(__file__).resolve().parents[3]
Ask = Callable[..., Request]
RECIPE = """
title = "{pace}"
architecture = "cnn3"
head = "sigmoid"
weights = "none"
input_size = 32
balance = "none"
[train]
epochs = {epochs}
"""


class Stop(Watch):
    """Stops at once."""

    def cancelled(self) -> bool:
        return True


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["runs", *arguments])
    return result.exit_code, result.output


def test_without_runs_the_list_says_how_to_start_one() -> None:
    assert run("list") == (0, "No runs. `python -m core train` starts one.\n")
    assert run("list", "--json") == (0, "[]\n")


@pytest.mark.usefixtures("pretence")
def test_runs_are_listed_and_shown(ask: Ask) -> None:
    run_here(ask("first"), Watch())
    with pytest.raises(Stopped):
        run_here(ask("second"), Stop())
    code, output = run("list")
    assert code == 0
    second, first = output.splitlines()
    assert "second" in second
    assert "cancelled" in second
    assert "finished     test on data of a run, 2 epochs" in first
    states = json.loads(run("list", "--json")[1])
    assert [state["state"] for state in states] == ["cancelled", "finished"]
    shown = json.loads(run("show", states[1]["id"], "--json")[1])
    assert [row["epoch"] for row in shown["history"]] == [1, 2]
    code, output = run("show", states[1]["id"])
    assert code == 0
    for part in ("State:     finished", "a pretended device", "Model:", "Epoch 2: loss 0.500"):
        assert part in output
    assert "Message:" in run("show", states[0]["id"])[1]


@pytest.mark.usefixtures("pretence")
@pytest.mark.parametrize("command", ["show", "cancel", "resume"])
def test_an_unknown_run_is_refused_in_words(command: str) -> None:
    code, output = run(command, "20260101-000000-no")
    assert code == 1
    assert "There is no run '20260101-000000-no'" in output


@pytest.mark.slow
@pytest.mark.usefixtures("pretence")
def test_a_run_is_cancelled_from_the_command_line(ask: Ask, wait_until: Callable[..., Any]) -> None:
    name = start(ask(epochs=100, pace=0.05))
    wait_until(name, lambda state: state.history)
    assert run("cancel", name) == (0, f"{name} was asked to stop.\n")
    assert wait_until(name).state == "cancelled"
    code, output = run("cancel", name)
    assert code == 1
    assert "already cancelled" in output


def train(tmp_path: Path, epochs: int, pace: float, *more: str) -> list[str]:
    recipe = tmp_path / "quick.toml"
    recipe.write_text(RECIPE.format(epochs=epochs, pace=pace))
    data = tmp_path / "data of a run"
    command = ["train", "--recipe", str(recipe), "--data", str(data), "--name", "mine", *more]
    return [sys.executable, "-m", "core", *command]


def begin(command: list[str]) -> "subprocess.Popen[str]":
    """Start a command and wait until its first epoch is done."""
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not (list_runs() and list_runs()[0].history):
        assert time.monotonic() < until
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    return process


@pytest.mark.slow
@pytest.mark.usefixtures("pretence", "ask")
def test_interrupting_once_keeps_the_best_so_far(tmp_path: Path) -> None:
    with begin(train(tmp_path, 200, 0.05)) as process:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert "Stopping at the next step" in errors
    assert "the best so far is in" in errors
    assert process.returncode == 130
    assert list_runs()[0].state == "cancelled"
    assert "Traceback" not in errors


@pytest.mark.slow
@pytest.mark.usefixtures("pretence", "ask")
def test_interrupting_twice_ends_at_once_and_can_be_resumed(tmp_path: Path) -> None:
    with begin(train(tmp_path, 200, 1.0)) as process:
        os.kill(process.pid, signal.SIGINT)
        time.sleep(0.2)
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "Ended at once" in errors
    assert "Traceback" not in errors
    assert read_run(list_runs()[0].id).state == "interrupted"


@pytest.mark.usefixtures("pretence")
def test_settings_magnifications_and_the_rest_reach_the_run(ask: Ask, tmp_path: Path) -> None:
    ask()
    command = train(tmp_path, 3, 0.0, "--split", "image", "--task", "binary")[3:]
    command += ["--set", "train.epochs=1", "--set", "seed=7", "--magnification", "100X"]
    command += ["--magnification", "40X", "--patient-pattern", "(?P<patient>x)", "--replace"]
    command += ["--um-per-px", "0.5"]
    result = CliRunner().invoke(app, [*command, "--folder", str(tmp_path / "shelf")])
    # The package of a pretended run is empty, so it does not get onto the shelf.
    assert result.exit_code == 1
    assert "No model was trained" not in result.stderr
    assert "was not added to the models" in result.stderr
    assert f"runs shelve {list_runs()[0].id}" in result.stderr
    request = list_runs()[0].request
    assert (request.recipe.split, request.recipe.seed, request.recipe.train.epochs) == (
        "image",
        7,
        1,
    )
    assert request.magnifications == ("100X", "40X")
    assert request.patient_pattern == "(?P<patient>x)"
    assert request.um_per_px == 0.5
    assert (request.folder, request.replace) == (tmp_path / "shelf", True)
    assert request.changes == ("train.epochs=1", "seed=7", "split=image", "task=binary")


@pytest.fixture
def packed(pretence: ModuleType, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pretended runs for `tiny` leave the tiny package behind, a sound one."""

    def train(request: Request, watch: Watch) -> SimpleNamespace:
        made = pretend(request, watch)
        shutil.copytree(saved, made.path, dirs_exist_ok=True)
        return made

    pretend = pretence.train
    monkeypatch.setattr(pretence, "train", train)


class StopAfter(Watch):
    """Asks to stop once some epochs are done."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def epoch(self, values: dict[str, float | str]) -> None:  # noqa: ARG002 (the interface)
        self.epochs -= 1

    def cancelled(self) -> bool:
        return self.epochs <= 0


def do_cancelled(monkeypatch: pytest.MonkeyPatch, *command: str) -> Result:
    """Do a command whose progress asks to stop after the first epoch."""
    with monkeypatch.context() as patch:
        module = import_module("core.cli.train")
        patch.setattr(module, "shown_progress", lambda: nullcontext(StopAfter(1)))
        return CliRunner().invoke(app, command)


@pytest.mark.usefixtures("packed")
def test_a_cancelled_run_is_left_off_the_shelf_and_resumed_onto_it(
    ask: Ask, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask()
    command = [*train(tmp_path, 3, 0.0)[3:], "--name", "tiny"]
    result = do_cancelled(monkeypatch, *command)
    name = list_runs()[0].id
    assert result.exit_code == 130
    assert f"in {list_runs()[0].package}" in result.stderr
    assert f"runs shelve {name}" in result.stderr
    assert not (home / "models").exists()
    # Half trained, it is put there only by being asked for, and then gives way to the whole.
    assert run("shelve", name)[0] == 0
    code, output = run("resume", name)
    assert code == 0, output
    assert str(home / "models" / "tiny") in output
    assert read_run(name).state == "finished"


@pytest.mark.usefixtures("packed")
def test_a_cancelled_run_leaves_the_model_that_it_may_replace(
    ask: Ask, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask()
    good = home / "models" / "tiny" / "good"
    good.parent.mkdir(parents=True)
    good.touch()
    command = [*train(tmp_path, 3, 0.0)[3:], "--name", "tiny", "--replace"]
    assert do_cancelled(monkeypatch, *command).exit_code == 130
    assert good.exists()
    name = list_runs()[0].id
    code, output = run("shelve", name)
    assert code == 1
    assert "with --replace it takes the place of another" in output
    assert run("resume", name)[0] == 0
    assert not good.exists()


@pytest.mark.usefixtures("packed")
def test_a_model_whose_name_was_taken_meanwhile_was_trained_all_the_same(
    ask: Ask, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ask()
    do_cancelled(monkeypatch, *train(tmp_path, 2, 0.0)[3:], "--name", "tiny")
    (home / "models" / "tiny").mkdir(parents=True)
    name = list_runs()[0].id
    code, output = run("resume", name)
    assert code == 1
    assert "No model was trained" not in output
    assert "already a model named 'tiny'" in output
    assert read_run(name).state == "finished"
    assert run("shelve", name, "--replace")[0] == 0


@pytest.mark.usefixtures("pretence")
def test_an_unreadable_run_is_listed_as_such_beside_the_others(ask: Ask) -> None:
    run_here(ask("sound"), Watch())
    damaged = run_here(ask("damaged"), Watch()).id
    find_folder(damaged).request.write_bytes(b"\xff{")
    code, output = run("list")
    assert code == 0
    sound, unreadable = output.splitlines()
    assert "finished" in sound
    assert unreadable.startswith(f"{damaged}  unreadable   The run {damaged} cannot be read: ")
    states = json.loads(run("list", "--json")[1])
    assert [state["state"] for state in states] == ["finished", "unreadable"]
    assert states[1]["id"] == damaged
    assert "cannot be read" in states[1]["message"]
    code, output = run("show", damaged)
    assert code == 1
    assert "cannot be read" in output


@pytest.mark.usefixtures("pretence")
@pytest.mark.parametrize("command", ["show", "cancel", "resume"])
def test_a_listed_run_without_its_request_is_unreadable_not_unknown(command: str, ask: Ask) -> None:
    lost = run_here(ask("lost"), Watch()).id
    find_folder(lost).request.unlink()
    assert run("list")[1].startswith(f"{lost}  unreadable")
    code, output = run(command, lost)
    assert code == 1
    assert f"The run {lost} cannot be read" in output


@pytest.mark.usefixtures("pretence")
def test_a_setting_that_does_not_exist_is_refused_in_words(ask: Ask, tmp_path: Path) -> None:
    ask()
    command = train(tmp_path, 1, 0.0, "--set", "train.epoch=1")[3:]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "train.epoch" in result.stderr
    assert list_runs() == []
