"""From a run's folder to the shelf."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from core.errors import LobuleError, PackageError, Stopped, TrainingError
from core.hashing import sha256_of
from core.registry.package import load_package
from core.training.jobs import list_runs, run_here, shelve
from core.training.request.request import Request
from core.training.watch import Watch

Ask = Callable[..., Request]


class Stop(Watch):
    """Stops at once."""

    def cancelled(self) -> bool:
        return True


@pytest.fixture
def run(
    ask: Ask, pretence: ModuleType, saved: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> str:
    """A finished run whose model is the tiny package; it is to go to `home/shelf`."""

    def train(request: Request, watch: Watch) -> SimpleNamespace:  # noqa: ARG001 (the interface)
        path = shutil.copytree(saved, request.folder / request.name)
        return SimpleNamespace(path=Path(path))

    monkeypatch.setattr(pretence, "train", train)
    return run_here(ask("tiny", folder=home / "shelf"), Watch()).id


def contents(folder: Path) -> dict[str, str]:
    return {path.name: sha256_of(path) for path in folder.iterdir()}


def test_the_shelf_gets_a_copy_and_the_run_keeps_its_own(run: str, home: Path, saved: Path) -> None:
    target = shelve(run)
    assert target == home / "shelf" / "tiny"
    assert contents(target) == contents(saved) == contents(list_runs()[0].package)
    assert [path.name for path in target.parent.iterdir()] == ["tiny"]
    assert target.stat().st_mode & 0o777 == 0o755


def test_a_taken_name_is_refused_unless_it_may_be_replaced(run: str, home: Path) -> None:
    (home / "shelf" / "tiny").mkdir(parents=True)
    (home / "shelf" / "tiny" / "old").touch()
    with pytest.raises(PackageError, match="already a model named 'tiny'"):
        shelve(run)
    assert (home / "shelf" / "tiny" / "old").exists()
    load_package(shelve(run, replace=True))


def test_what_the_run_put_there_before_gives_way(
    run: str, save_tiny: Callable[..., object], tmp_path: Path
) -> None:
    target = shelve(run)
    assert shelve(run) == target
    # A resumed run has another model than the one that it put there.
    own = list_runs()[0].package
    shutil.rmtree(own)
    save_tiny(own.parent, outputs=2, temperature=3.0, summary="Resumed.")
    assert load_package(shelve(run)).card.summary == "Resumed."
    # What somebody else has put there since is theirs.
    shutil.rmtree(target)
    save_tiny(tmp_path, outputs=3, classes=("a", "b", "c"), task="subtype", operating_point=None)
    shutil.copytree(tmp_path / "tiny", target)
    with pytest.raises(PackageError, match="already a model named 'tiny'"):
        shelve(run)
    assert load_package(target).card.task == "subtype"


def test_a_damaged_model_is_not_put_on_the_shelf(run: str, home: Path) -> None:
    (list_runs()[0].package / "history.csv").write_text("x")
    with pytest.raises(PackageError, match=r"history\.csv is changed"):
        shelve(run)
    assert not (home / "shelf").exists()


def test_a_full_disk_leaves_the_shelf_as_it_was(
    run: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", lambda *_, **__: copy())
    with pytest.raises(TrainingError, match="No space left on device"):
        shelve(run)
    assert list((home / "shelf").iterdir()) == []


@pytest.mark.usefixtures("pretence")
def test_a_run_without_a_model_says_so(ask: Ask) -> None:
    with pytest.raises(Stopped):
        run_here(ask(), Stop())
    with pytest.raises(LobuleError, match="has no model: it is cancelled"):
        shelve(list_runs()[0].id)
