"""Ensembles on the shelf: named by hash, refused in words when a member is gone or unlike."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import PackageError
from core.registry.ensemble import EACH_OWN, ensemble_card
from core.registry.manage import rename
from core.registry.package import Package, load_model, load_package, save_ensemble
from core.registry.shelf import find, shelf

SUBTYPE = {"task": "subtype", "classes": ("a", "b"), "operating_point": None}


@pytest.fixture
def own(home: Path, save_tiny: Callable[..., Package], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two models of one's own, and their ensemble `both`."""
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))
    folder = home / "models"
    save_tiny(folder, name="one")
    save_tiny(folder, name="two", temperature=0.5)
    save_ensemble(folder / "both", ensemble_card("both", (find("one"), find("two")), "make both"))
    return folder


def error_of(name: str) -> str:
    return next(str(entry.error) for entry in shelf() if entry.name == name)


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_it_is_a_card_that_names_its_members_by_hash(own: Path) -> None:
    ensemble = find("both")
    assert [path.name for path in (own / "both").iterdir()] == ["card.json"]
    hashes = [find(name).model_sha256 for name in ("one", "two")]
    assert [member.model_sha256 for member in ensemble.card.members] == hashes
    assert [member.card.name for member in ensemble.members] == ["one", "two"]
    assert ensemble.model_sha256 not in hashes
    assert ensemble.card.heatmap_layer == EACH_OWN
    assert ensemble.card.training.patients == {"train": ["1"], "validation": ["2"], "test": ["3"]}
    with pytest.raises(PackageError, match="is an ensemble: its networks are those of its members"):
        load_model(ensemble)


def test_members_are_known_by_hash_whatever_their_name(own: Path) -> None:
    before = find("both").model_sha256
    rename("one", "uno")
    assert [member.card.name for member in find("both").members] == ["uno", "two"]
    assert find("both").model_sha256 == before
    assert load_package(own / "both").members == ()


def test_a_missing_member_is_told(own: Path) -> None:
    shutil.rmtree(own / "two")
    assert "its member 'two'" in error_of("both")
    assert "is missing" in error_of("both")
    with pytest.raises(PackageError, match="Restore that model, or make the ensemble again"):
        find("both")


def test_a_changed_member_is_told(own: Path, save_tiny: Callable[..., Package]) -> None:
    edit(own / "two", temperature=3.0)
    assert "was recalibrated since" in error_of("both")
    shutil.rmtree(own / "two")
    save_tiny(own, name="two", temperature=0.5)
    assert "is not the network the ensemble was made with" in error_of("both")
    (own / "two" / "model.keras").write_bytes(b"no network")
    assert "is missing, or is refused itself" in error_of("both")


def test_a_network_in_an_ensembles_folder_is_refused(own: Path) -> None:
    shutil.copy(own / "one" / "model.keras", own / "both")
    assert "model.keras is not on the card" in error_of("both")
    edit(own / "both", files=json.loads((own / "one" / "card.json").read_text())["files"])
    assert "an ensemble has no model.keras of its own" in error_of("both")


def test_a_card_that_was_edited_to_another_scale_is_refused(own: Path) -> None:
    card = json.loads((own / "both" / "card.json").read_text())
    edit(own / "both", input=card["input"] | {"um_per_px": 3.0})
    assert "states other classes or another scale" in error_of("both")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (SUBTYPE, "the task of the one is binary, of the other subtype"),
        ({"classes": ("IDC", "no IDC")}, "the classes of the one is no IDC, IDC"),
        ({"um_per_px": 3.0}, "the scale of the one is 4 µm/px, of the other 3 µm/px"),
        ({"field_um": 100.0}, "the field of view of the one is 200 µm, of the other 100 µm"),
        ({"fit": "crops"}, "the framing of the one is patch, of the other crops"),
    ],
)
@pytest.mark.usefixtures("own")
def test_unlike_models_are_refused(
    changes: dict[str, Any], complaint: str, save_tiny: Callable[..., Package], tmp_path: Path
) -> None:
    one = find("one")
    whole = changes if {"task", "classes"} & changes.keys() else None
    spec = one.card.input.model_dump() | ({} if whole else changes)
    other = save_tiny(tmp_path, name="other", input=spec, **(whole or {}))
    with pytest.raises(PackageError, match=complaint):
        ensemble_card("x", (one, other), "")


@pytest.mark.usefixtures("own")
def test_one_member_twins_and_ensembles_are_refused() -> None:
    one = find("one")
    with pytest.raises(PackageError, match="2 to 16 members; 1 were named"):
        ensemble_card("x", (one,), "")
    with pytest.raises(PackageError, match="'one' is named twice"):
        ensemble_card("x", (one, one), "")
    with pytest.raises(PackageError, match=r"is an ensemble itself.*one, two"):
        ensemble_card("x", (one, find("both")), "")


def test_input_is_the_largest_at_scales_that_all_take(
    save_tiny: Callable[..., Package], tmp_path: Path
) -> None:
    spec = {
        "height": 32,
        "width": 32,
        "field_um": 200.0,
        "um_per_px_low": 0.2,
        "um_per_px_high": 5.0,
        "um_per_px": 4.0,
    }
    parts = [
        save_tiny(tmp_path, name="one", input=spec),
        save_tiny(tmp_path, name="two", input=spec | {"um_per_px_low": 2.0, "um_per_px_high": 9.0}),
    ]
    shared = ensemble_card("x", parts, "").input
    assert (shared.um_per_px_low, shared.um_per_px_high, shared.height) == (2.0, 5.0, 32)
