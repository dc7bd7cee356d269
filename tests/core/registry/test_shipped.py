"""Shipped models are as they were shipped, and no other model looks like one."""

import json
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.errors import PackageError
from core.hashing import sha256_of
from core.registry import shipped
from core.registry.exchange import export_package, import_package
from core.registry.manage import own_title, refuse_name, rename
from core.registry.shelf import find, shelf
from core.registry.shipped import check_vouched, marked_as_own, vouch, vouch_again
from tests.core.registry.test_shelf import own


@pytest.fixture
def tiny(shelve: Callable[[], Path]) -> Path:
    """A shipped package that is vouched for."""
    package = shelve()
    vouch(package)
    return package


def change(package: Path, **fields: object) -> None:
    """Change a card so that it stays one that can be used."""
    card = package / "card.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | fields))


def verify(*names: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["models", "verify", *names])
    return result.exit_code, result.output


def test_what_is_vouched_for_is_sound(tiny: Path) -> None:
    assert verify() == (0, "tiny: sound\n")
    assert find("tiny").path == tiny
    check_vouched(tiny, every_file=True)


def test_swapped_classes_are_named(tiny: Path) -> None:
    change(tiny, classes=json.loads((tiny / "card.json").read_text())["classes"][::-1])
    code, output = verify()
    assert code == 1
    assert "not as it was shipped: card.json is changed (classes)" in output
    with pytest.raises(PackageError, match=r"card\.json is changed \(classes\)"):
        find("tiny")  # nor does it answer


def test_another_threshold_is_named(tiny: Path) -> None:
    point = json.loads((tiny / "card.json").read_text())["operating_point"]
    change(tiny, operating_point=point | {"threshold": 0.9}, temperature=2.0)
    code, output = verify("tiny")
    assert code == 1
    assert "card.json is changed (operating_point, temperature)" in output


def test_a_card_that_is_seen_first_and_changed_then_is_refused(tiny: Path) -> None:
    assert shelf()[0].package
    change(tiny, title="Another")
    assert "card.json is changed (title)" in str(shelf()[0].error)


def test_other_files_whose_hash_is_on_the_changed_card(tiny: Path) -> None:
    (tiny / "history.csv").write_text("epoch\n")
    files = json.loads((tiny / "card.json").read_text())["files"]
    change(tiny, files=files | {"history.csv": sha256_of(tiny / "history.csv")})
    assert "card.json is changed (files)" in verify()[1]
    with pytest.raises(PackageError, match=r"\(files\); history\.csv is changed"):
        check_vouched(tiny, every_file=True)


def test_a_package_laid_beside_the_shipped_ones_is_none_of_them(tiny: Path) -> None:
    shutil.copytree(tiny, tiny.parent / "other")
    card = tiny.parent / "other" / "card.json"
    card.write_text(card.read_text().replace('"name": "tiny"', '"name": "other"', 1))
    assert "other" in verify()[1]
    assert "not one that ships with Lobule" in verify("other")[1]
    vouch(tiny.parent / "other")
    assert verify()[0] == 0


def test_a_shipped_model_that_is_gone_is_named(tiny: Path) -> None:
    shutil.rmtree(tiny)
    code, output = verify()
    assert code == 1
    assert "tiny: It ships with Lobule but is not there" in output


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"models": {"tiny": 1}}', '{"models": []}'])
def test_a_damaged_manifest_vouches_for_nothing(tiny: Path, text: str) -> None:
    (tiny.parent / "manifest.json").write_text(text)
    assert "is damaged" in str(shelf()[0].error)
    assert verify()[0] == 1


def test_only_lobules_own_folder_needs_a_manifest(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tiny.parent / "manifest.json").unlink()
    assert verify() == (0, "tiny: sound\n")
    vouch_again(tiny)
    assert not (tiny.parent / "manifest.json").exists()
    monkeypatch.setattr(shipped, "_OWN_FOLDER", tiny.parent.resolve())
    with pytest.raises(PackageError, match="is missing"):
        check_vouched(tiny)


def test_a_card_that_lobule_rewrites_is_vouched_for_again(tiny: Path) -> None:
    change(tiny, title="Another")
    vouch_again(tiny)
    assert verify() == (0, "tiny: sound\n")


@pytest.mark.parametrize(
    "title",
    [
        "Invasive",
        "INVASIVE ",
        "in­va\u200bsive",
        "Іnvаsivе",
        "ınvasive",
        "lnvasive",
        "Ｉｎｖａｓｉｖｅ",
        "I.n-v:asive",
    ],
)
def test_titles_that_look_like_a_shipped_one_are_marked(title: str) -> None:
    assert marked_as_own(title, ["Invasive"]) == f"{title} (own)"


@pytest.mark.parametrize("title", ["Invasive 2", "Invasives", "Evasive", "浸潤"])
def test_others_stay(title: str) -> None:
    assert marked_as_own(title, ["Invasive"]) == title


@pytest.mark.usefixtures("tiny")
def test_an_imported_model_has_a_name_and_a_title_of_its_own() -> None:
    title = find("tiny").card.title
    packed = BytesIO()
    export_package(find("tiny"), packed)
    with pytest.raises(PackageError, match="already a model called 'tiny'"):
        import_package(packed)
    for name in ("t-iny", "t1ny", "tlny"):
        with pytest.raises(PackageError, match="looks like one of a model that ships"):
            import_package(packed, name)
        with pytest.raises(PackageError, match="looks like"):
            refuse_name(name)
    assert import_package(packed, "mine").card.title == f"{title} (own)"
    entry = next(entry for entry in shelf() if entry.name == "mine")
    assert not entry.shipped
    assert rename("mine", "yours", "TINY").card.title == "TINY (own)"
    assert rename("yours", "yours", title.upper()).card.title == f"{title.upper()} (own)"
    assert own_title("Mine") == "Mine"


def test_an_own_package_is_never_shipped(home: Path, saved: Path, tiny: Path) -> None:
    assert tiny.is_dir()
    own(home, saved, "tiny")
    vouch(home / "models" / "tiny")  # a manifest among one's own models says nothing
    assert [(entry.name, entry.shipped) for entry in shelf()] == [
        ("tiny", True),
        ("own:tiny", False),
    ]
