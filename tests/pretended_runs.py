"""Runs that only pretend to train, so that what is around training can be tested in an instant."""

import sys
import time
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from core.training.jobs import read_run
from core.training.jobs.state import RunState
from core.training.request.recipe import Recipe
from core.training.request.request import Request

# Stands for core.training.run and fitting.device, here and in processes that are started.
# The recipe's title says how many seconds a step takes.
PRETENCE = """
import sys, time, types

def train(request, watch):
    from core.errors import Stopped
    print("pretending")
    epochs, pace = request.recipe.train.epochs, float(request.recipe.title)
    watch.stage("Reading images", 0.0)
    watch.dataset((request.data / "fingerprint").read_text())
    watch.stage("Reading images", 1.0)
    done = 0
    watch.checkpoints.mkdir(exist_ok=True)
    state = watch.checkpoints / "epochs"
    first = int(state.read_text()) + 1 if state.exists() else 1
    for epoch in range(first, epochs + 1):
        for step in range(1, 5):
            time.sleep(pace)
            if watch.cancelled():
                if epoch == 1:
                    raise Stopped("Cancelled before its first epoch was done.")
                return package(request)
            values = {"epoch": epoch, "epochs": epochs, "step": step, "steps": 4}
            watch.step(values | {"loss": 0.5, "learning_rate": 0.1, "images_per_second": 9.0})
            watch.stage("Training", (epoch - 1 + step / 4) / epochs)
        watch.epoch({"epoch": epoch, "loss": 0.5, "val_auroc": float("nan")})
        state.write_text(str(epoch))
    return package(request)

def package(request):
    path = request.folder / request.name
    path.mkdir(parents=True, exist_ok=request.replace)
    return types.SimpleNamespace(path=path)

run = types.ModuleType("core.training.run")
run.train = train
device = types.ModuleType("core.training.fitting.device")
device.describe_device = lambda: "a pretended device"
device.is_out_of_memory = lambda error: isinstance(error, MemoryError)
sys.modules |= {run.__name__: run, device.__name__: device}
"""


@pytest.fixture
def pretence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Let runs pretend; gives the module that stands for core.training.run."""
    (tmp_path / "pretence").mkdir()
    (tmp_path / "pretence" / "sitecustomize.py").write_text(PRETENCE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "pretence"))
    for name in ("core.training.run", "core.training.fitting.device"):
        monkeypatch.setitem(sys.modules, name, None)  # so that it is put back
    exec(PRETENCE, {})  # noqa: S102 (the text above)
    return sys.modules["core.training.run"]


Ask = Callable[..., Request]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """A request for a pretended run: `ask(name, epochs, pace in seconds a step, **changes)`."""
    data = tmp_path / "data of a run"
    data.mkdir()
    (data / "fingerprint").write_text("a" * 64)

    def make(name: str = "mine", epochs: int = 2, pace: float = 0.0, **changes: object) -> Request:
        recipe = Recipe.model_validate(
            {"name": "test", "title": str(pace), "architecture": "cnn3", "head": "sigmoid"}
            | {"weights": "none", "input_size": 32, "balance": "none", "train": {"epochs": epochs}}
        )
        return Request(recipe=recipe, data=data, name=name, **changes)

    return make


Wait = Callable[..., RunState]


@pytest.fixture
def wait_until() -> Wait:
    """Read a run until something is true of it: `wait_until(id, condition)`."""

    def wait(
        run: str,
        true: Callable[[RunState], bool] = lambda state: state.state not in {"waiting", "running"},
        seconds: float = 60.0,
    ) -> RunState:
        until = time.monotonic() + seconds
        while not true(state := read_run(run)):
            assert time.monotonic() < until, state
            time.sleep(0.02)
        return state

    return wait
