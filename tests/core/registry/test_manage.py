"""Renaming and deleting models of one's own."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import PackageError
from core.registry.ensemble import ensemble_card
from core.registry.manage import delete, rename
from core.registry.package import load_package, save_ensemble
from core.registry.shelf import activate, active_name, find, shelf


def put(parent: Path, saved: Path, name: str, **changes: object) -> Path:
    """A copy of the tiny package under another name."""
    folder = Path(shutil.copytree(saved, parent / name))
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "name": name, **changes}))
    return folder


@pytest.fixture
def own(shelve: Callable[[], Path], saved: Path, home: Path) -> Path:
    """A shipped package `tiny` and one of the user's own, `mine`, which answers by default."""
    shelve()
    folder = put(home / "models", saved, "mine")
    activate("mine")
    return folder


def names() -> list[str]:
    return [entry.name for entry in shelf()]


def test_a_renamed_model_is_the_same_model_and_stays_the_default(own: Path) -> None:
    before = find("mine").model_sha256
    renamed = rename("mine", "yours", "A better title")
    assert names() == ["tiny", "yours"]
    assert active_name() == "yours"
    assert renamed.card.title == "A better title"
    assert load_package(own.parent / "yours").model_sha256 == before
    assert sorted(path.name for path in own.parent.iterdir()) == ["yours"]


def test_a_title_alone_can_change(own: Path) -> None:
    rename("mine", "mine", "Only the title")
    assert load_package(own).card.title == "Only the title"
    assert active_name() == "mine"


@pytest.mark.usefixtures("own")
def test_a_model_that_is_not_the_default_does_not_become_it() -> None:
    activate("tiny")
    rename("mine", "yours")
    assert active_name() == "tiny"


@pytest.mark.parametrize("new", ["tiny", "", ".hidden", "../up", "a/b", "Ünfit", "x" * 65])
def test_an_unfit_or_taken_name_changes_nothing(own: Path, new: str) -> None:
    before = {path.name: path.read_bytes() for path in own.iterdir()}
    with pytest.raises(PackageError, match="called"):
        rename("mine", new)
    assert {path.name: path.read_bytes() for path in own.iterdir()} == before
    assert sorted(path.name for path in own.parent.iterdir()) == ["mine"]


@pytest.mark.usefixtures("own")
def test_an_empty_title_is_refused() -> None:
    with pytest.raises(PackageError, match="title"):
        rename("mine", "yours", "  ")
    assert names() == ["tiny", "mine"]


@pytest.mark.usefixtures("own")
def test_shipped_models_stay_as_they_are() -> None:
    for deed in (lambda: rename("tiny", "other"), lambda: delete("tiny")):
        with pytest.raises(PackageError, match="ships with Lobule"):
            deed()
    with pytest.raises(PackageError, match="Own models: mine"):
        delete("nobody")


def test_deleting_the_default_lets_another_answer_for_good(own: Path, saved: Path) -> None:
    delete("mine")
    assert not list(own.parent.iterdir())
    assert active_name() == "tiny"
    put(own.parent, saved, "mine")
    assert active_name() == "tiny", "a new model of that name was never made the default"


def test_a_broken_model_can_be_deleted(own: Path) -> None:
    (own / "history.csv").unlink()
    delete("mine")
    assert names() == ["tiny"]


def test_deleting_a_link_leaves_what_it_leads_to(own: Path, tmp_path: Path) -> None:
    elsewhere = Path(shutil.move(own, tmp_path / "mine"))
    own.symlink_to(elsewhere)
    delete("mine")
    assert (elsewhere / "card.json").is_file()
    assert names() == ["tiny"]


def test_an_own_model_called_like_a_shipped_one_is_told_apart(own: Path, saved: Path) -> None:
    shutil.copytree(saved, own.parent / "tiny")
    delete("own:tiny")
    assert names() == ["tiny", "mine"]


def test_a_member_of_an_ensemble_is_kept(own: Path, save_tiny: Callable) -> None:
    member = save_tiny(own.parent, name="member", architecture="another")
    parts = (find("mine"), find("member"))
    save_ensemble(own.parent / "both", ensemble_card("both", parts, ""))
    with pytest.raises(PackageError, match="member of both"):
        delete("member")
    put(own.parent, member.path, "twin")
    delete("member")
    assert names() == ["tiny", "both", "mine", "twin"]


def test_no_half_of_a_renamed_model_is_left_if_it_fails(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PackageError, match="No space left"):
        rename("mine", "yours")
    assert sorted(path.name for path in own.parent.iterdir()) == ["mine"]
    assert load_package(own)
