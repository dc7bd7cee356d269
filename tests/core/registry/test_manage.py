"""Renaming and deleting models of one's own."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import PackageError
from core.registry import manage as module
from core.registry.card_words import explained
from core.registry.ensemble import ensemble_card
from core.registry.manage import delete, rename, rewrite_card
from core.registry.package import load_package, save_ensemble, verify
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


CHECK = {
    "method": "occlusion",
    "unchanged": True,
    "correlation": 0.9,
    "by_draw": (0.9,),
    "cascade": ({"layers": 4, "correlation": 0.9, "similarity": 0.5},),
}
FOUND = {
    "threshold": 0.7,
    "layer": "last_conv",
    "layers": 4,
    "images": 3,
    "images_of": "pictures",
    "methods": (CHECK, {**CHECK, "method": "gradcam", "unchanged": False, "correlation": 0.1}),
}


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "tiny"))


def test_a_field_is_changed_and_the_package_stays_sound(folder: Path) -> None:
    before = load_package(folder)
    assert explained(before.card) == ""
    after = rewrite_card(before, explanations=FOUND)
    assert after == load_package(folder)
    assert after.card.explanations
    assert after.card.explanations.unchanged == ("occlusion",)
    assert explained(after.card).endswith("0.7 on): occlusion.")
    assert after.card.model_copy(update={"explanations": None}) == before.card
    assert after.model_sha256 == before.model_sha256
    verify(folder)
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_a_package_that_was_replaced_meanwhile_is_left_alone(folder: Path) -> None:
    old = load_package(folder)
    rewrite_card(old, title="Another")
    with pytest.raises(PackageError, match="was replaced in the meantime"):
        rewrite_card(old, explanations=FOUND)
    assert load_package(folder).card.explanations is None


def test_a_value_that_breaks_the_schema_leaves_the_card_as_it_was(folder: Path) -> None:
    package = load_package(folder)
    with pytest.raises(PackageError, match="cannot take this"):
        rewrite_card(package, explanations={**FOUND, "threshold": 2.0})
    assert load_package(folder) == package


def test_a_full_disk_leaves_the_card_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    package = load_package(folder)
    monkeypatch.setattr(module, "write_whole", fail)
    with pytest.raises(PackageError, match="No space left"):
        rewrite_card(package, title="Another")
    assert load_package(folder) == package
