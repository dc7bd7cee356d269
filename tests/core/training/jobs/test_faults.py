"""Real runs that are killed, starved of disk and memory, and robbed of their data."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.jobs.lock import let_go
from core.registry.package import load_package
from core.training.jobs import RunState, read_log, read_run, shelve, start
from core.training.jobs.folder import create_folder
from core.training.request.override import override
from core.training.request.recipe import Recipe
from core.training.request.request import Request

ROOT = Path(__file__).resolve().parents[4]
EPOCHS = 3
RECIPE = Recipe.model_validate(
    {"name": "test", "title": "Test", "architecture": "cnn3", "head": "sigmoid"}
    | {"weights": "none", "input_size": 32, "balance": "patient"}
    | {"train": {"epochs": EPOCHS, "batch_size": 32, "patience": EPOCHS}}
)


def shares(seed: int, parts: int, first: int) -> list[Any]:
    """A random share in each of as many equal parts; the first of them, shuffled, in every run.

    The seed is fixed: what fails once fails again.
    """
    random = np.random.default_rng(seed)
    values = random.permutation([(part + random.random()) / parts for part in range(parts)])
    return [
        pytest.param(float(share), marks=pytest.mark.exhaustive if number >= first else ())
        for number, share in enumerate(values)
    ]


# Shares of the life of a run, or of its writing calls in a folder, at which it is killed.
BY_TIME = shares(seed=20, parts=4, first=3)
BY_CALL = [
    pytest.param(where, *share.values, marks=share.marks)
    for seed, (where, first) in enumerate(
        {"cache": 1, "checkpoints": 1, "package": 1, "anywhere": 0}.items()
    )
    for share in shares(seed, parts=2, first=first)
]

pytestmark = pytest.mark.slow


class Lab:
    """A home for one run, and processes that do it."""

    def __init__(self, workers: "subprocess.Popen[str]", home: Path, data: Path) -> None:
        self._workers = workers
        self.home = home
        self.data = data
        self.run = ""

    def ask(self, *settings: str) -> None:
        """Put a run into the line that no process works on yet."""
        request = Request(recipe=override(RECIPE, settings), data=self.data, name="mine")
        folder, lock = create_folder(request)
        let_go(lock)
        self.run = folder.id

    def work(self, **order: Any) -> int:
        """Let a process do the run; returns its exit code, -9 if it was killed."""
        order = {"run": self.run, "home": str(self.home), "log": str(self.home / "log"), **order}
        self._workers.stdin.write(json.dumps(order) + "\n")
        self._workers.stdin.flush()
        return int(self._workers.stdout.readline())

    @property
    def state(self) -> RunState:
        """How the run stands."""
        return read_run(self.run)


@pytest.fixture(scope="module")
def workers() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("workers.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()


@pytest.fixture(scope="module")
def undisturbed(
    workers: "subprocess.Popen[str]", tiny_idc: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The package of a run that nothing happened to, its writing calls, and its seconds."""
    home = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOBULE_HOME", str(home))
        lab = Lab(workers, home, tiny_idc)
        lab.ask()
        assert lab.work(record=str(home / "record")) == 0, (home / "log").read_text()
        record = json.loads((home / "record").read_text())
        return {"package": lab.state.package, "home": str(home), **record}


@pytest.fixture
def lab(workers: "subprocess.Popen[str]", home: Path, tiny_idc: Path) -> Lab:
    laboratory = Lab(workers, home, tiny_idc)
    laboratory.ask()
    return laboratory


def shape(value: Any) -> Any:
    """The keys of a card at every depth, without its values."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return [shape(item) for item in value][:1] if isinstance(value, list | tuple) else None


def assert_like(package: Path, undisturbed: dict[str, Any]) -> None:
    """Compare a package with that of the undisturbed run."""
    card, other = load_package(package).card, load_package(undisturbed["package"]).card
    assert card.training.patients == other.training.patients
    assert card.training.images == other.training.images
    assert card.training.dataset_fingerprint == other.training.dataset_fingerprint
    assert shape(card.model_dump()) == shape(other.model_dump())
    for name in ("predictions.csv", "history.csv"):
        table, same = (pd.read_csv(path / name) for path in (package, undisturbed["package"]))
        exact = [column for column in same if column not in {"seconds", "images_per_second"}]
        exact = [column for column in exact if column != "memory_mb"]
        assert list(table) == list(same)
        # On a processor a resumed run comes to the same numbers.
        pd.testing.assert_frame_equal(table[exact], same[exact], rtol=1e-3, atol=1e-4)


def resumes_to(lab: Lab, undisturbed: dict[str, Any]) -> None:
    assert lab.state.state == "interrupted"
    assert lab.state.package is None
    assert lab.work() == 0, (lab.home / "log").read_text()
    state = lab.state
    assert state.state == "finished"
    assert [row["epoch"] for row in state.history] == list(range(1, EPOCHS + 1))
    assert_like(state.package, undisturbed)
    assert [path.name for path in state.package.parent.iterdir()] == ["mine"]
    assert not list((lab.home / "cache").glob("*.part"))
    assert_like(shelve(lab.run), undisturbed)


def kill_after(lab: Lab, seconds: float) -> None:
    """Kill a run after so long, or earlier where it is quicker than the undisturbed one."""
    while (ended := lab.work(kill_after=seconds)) == 0:
        lab.ask()
        seconds *= 0.8
    assert ended == -9


@pytest.mark.parametrize("share", BY_TIME)
def test_killed_at_any_time_it_resumes(lab: Lab, undisturbed: dict[str, Any], share: float) -> None:
    kill_after(lab, share * 0.95 * undisturbed["seconds"])
    resumes_to(lab, undisturbed)


@pytest.mark.parametrize(("where", "share"), BY_CALL)
def test_killed_before_any_write_it_resumes(
    lab: Lab, undisturbed: dict[str, Any], where: str, share: float
) -> None:
    own = [
        number
        for number, path in enumerate(undisturbed["calls"], start=1)
        if where in {"anywhere", *Path(path).relative_to(undisturbed["home"]).parts}
    ]
    # The last calls of all come after the run's end has been written down.
    own = [number for number in own if number <= len(undisturbed["calls"]) - 3]
    assert len(own) > 3
    assert lab.work(kill_at_call=own[int(share * len(own))]) == -9
    resumes_to(lab, undisturbed)


@pytest.mark.exhaustive
def test_a_loss_that_is_no_number_ends_in_words_and_the_epoch_before_is_kept(
    lab: Lab, undisturbed: dict[str, Any]
) -> None:
    assert lab.work(faults=["absurd rate"]) == 1
    assert lab.state.state == "failed"
    assert "Lower the learning rate" in lab.state.message
    assert [row["epoch"] for row in lab.state.history] == [1]
    assert lab.work() == 0
    assert_like(lab.state.package, undisturbed)


@pytest.mark.exhaustive
def test_no_memory_ends_in_words_and_can_be_resumed(lab: Lab, undisturbed: dict[str, Any]) -> None:
    assert lab.work(faults=["no memory"]) == 1
    assert lab.state.state == "failed"
    assert "not enough memory" in lab.state.message
    assert list((lab.home / "cache").glob("*.npy"))
    assert lab.work() == 0
    assert_like(lab.state.package, undisturbed)


@pytest.mark.parametrize(
    "largest_file", [600_000, pytest.param(100_000, marks=pytest.mark.exhaustive)]
)
def test_no_room_for_a_file_ends_in_words_and_can_be_resumed(
    lab: Lab, undisturbed: dict[str, Any], largest_file: int
) -> None:
    """The cache has 430 kB, and the states and the package have more than the second limit."""
    assert lab.work(largest_file=largest_file) == 1
    state = lab.state
    assert state.state == "failed"
    assert "File too large" in state.message or "is full" in state.message
    assert "Traceback" not in state.message
    assert lab.work() == 0
    assert_like(lab.state.package, undisturbed)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a disk that is small")
@pytest.mark.exhaustive
@pytest.mark.parametrize("kilobytes", [1000, 200])
def test_a_full_disk_ends_in_words_and_can_be_resumed(
    lab: Lab, undisturbed: dict[str, Any], kilobytes: int
) -> None:
    def mount(size: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", size, "none", str(lab.home)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    if not mount(f"size={kilobytes}k"):
        pytest.skip("no disk can be mounted here")
    try:
        lab.ask()
        assert lab.work(log=os.devnull) == 1
        state = lab.state
        assert state.state == "failed"
        assert any(words in state.message for words in ("No space left", "is full")), state
        assert "Traceback" not in state.message
        learnt = len(state.history)
        assert mount("remount,size=100m")
        assert lab.work(log=os.devnull) == 0
        assert lab.state.state == "finished"
        assert len(lab.state.history) >= learnt
        assert_like(lab.state.package, undisturbed)
    finally:
        subprocess.run(["umount", str(lab.home)], check=False)


@pytest.fixture
def own_data(lab: Lab, tmp_path: Path) -> Path:
    """A copy of the data that may be changed, and a run on it that was killed."""
    lab.data = Path(shutil.copytree(lab.data, tmp_path / "own"))
    lab.ask()
    return lab.data


@pytest.mark.exhaustive
@pytest.mark.parametrize("change", ["repainted", "deleted", "relabelled"])
def test_data_that_change_under_a_run_are_refused_until_they_are_back(
    lab: Lab, own_data: Path, undisturbed: dict[str, Any], change: str
) -> None:
    image = next(own_data.glob("3/1/*.png"))
    kept = image.read_bytes()
    saves = [number for number, path in enumerate(undisturbed["calls"], 1) if "checkpoints" in path]
    assert lab.work(kill_at_call=saves[len(saves) // 2]) == -9
    states = {path.name for path in (lab.home / "runs" / lab.run / "checkpoints").iterdir()}
    other = own_data / "3" / "0" / image.name.replace("class1", "class0")
    match change:
        case "deleted":
            image.unlink()
        case "relabelled":
            image.rename(other.with_name(other.name.replace("_y151_", "_y999_")))
        case "repainted":
            image.write_bytes(next(own_data.glob("4/1/*.png")).read_bytes())
    assert lab.work() == 1
    assert lab.state.state == "failed"
    assert "have changed since this run began" in lab.state.message
    left = {path.name for path in (lab.home / "runs" / lab.run / "checkpoints").iterdir()}
    assert left == states
    for path in own_data.glob("3/0/*_y999_*"):
        path.unlink()
    image.write_bytes(kept)
    assert lab.work() == 0
    assert_like(lab.state.package, undisturbed)


@pytest.mark.exhaustive
def test_a_run_in_a_process_of_its_own_trains(
    tiny_idc: Path, undisturbed: dict[str, Any], wait_until: Callable[..., RunState]
) -> None:
    run = start(Request(recipe=RECIPE, data=tiny_idc, name="mine"))
    state = wait_until(run, seconds=300)
    assert state.state == "finished", read_log(run)
    assert_like(state.package, undisturbed)
