"""Adding to the card of a package that is there."""

import shutil
from pathlib import Path

import pytest

from core.errors import PackageError
from core.registry import rewrite_card as module
from core.registry.card_words import explained
from core.registry.package import load_package, verify
from core.registry.rewrite_card import rewrite_card

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
    with pytest.raises(PackageError, match="was replaced meanwhile"):
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
