"""Datasets from which somebody tries to get out of the folders that may be read."""

import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from core.datasets.audit.audit import audit
from core.datasets.browse import look_into, recent_datasets, remember_dataset
from core.datasets.cache import pixel_cache
from core.datasets.open import open_dataset
from core.errors import DatasetError, RecipeError
from core.roots import HELD
from core.training.jobs.start import check
from core.training.request.recipe import load_recipe
from core.training.request.request import Request

REFUSED = "outside the folders"
Draw = Callable[..., Path]


@pytest.fixture
def root(tmp_path: Path, draw: Draw, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder that may be read, a dataset of two classes; a secret lies beside it."""
    folder = tmp_path / "data"
    for seed, name in enumerate(("benign/1", "benign/2", "malignant/3", "malignant/4")):
        draw(folder / f"{name}.png", seed=seed)
    draw(tmp_path / "secret" / "s.png", seed=9)
    monkeypatch.setenv("LOBULE_DATA_ROOTS", str(folder))
    monkeypatch.setenv(HELD, "1")
    return folder


def manifest(folder: Path, *paths: str) -> Path:
    rows = [f'"{path}",{at % 2}' for at, path in enumerate(paths)]
    file = folder / "m.csv"
    file.write_text("\n".join(["path,label", *rows]), encoding="utf-8")
    return file


def test_what_lies_inside_opens(root: Path) -> None:
    (root / "benign" / "again.png").symlink_to("../malignant/../benign/1.png")
    assert len(open_dataset(root).records) == 4
    assert len(open_dataset(root / "benign" / "..").records) == 4
    inside = manifest(root, "benign/1.png", "./malignant/3.png", str(root / "malignant" / "4.png"))
    assert len(open_dataset(inside).records) == 3
    assert len(open_dataset(root).contents) == 4


@pytest.mark.parametrize("path", ["..", "../secret", "../secret/s.png", "../nothing", "../data2"])
def test_folders_outside(root: Path, path: str) -> None:
    with pytest.raises(DatasetError, match=REFUSED):
        open_dataset(root / path)
    with pytest.raises(DatasetError, match=REFUSED):
        look_into(root / path)


@pytest.mark.parametrize("target", ["../secret", "../secret/s.png", "../nothing", "/etc/passwd"])
@pytest.mark.parametrize("name", ["benign/x.png", "new class", "patients.csv"])
def test_links_out_of_a_folder(root: Path, name: str, target: str) -> None:
    (root / name).symlink_to(Path(os.path.relpath(root / target, (root / name).parent)))
    with pytest.raises(DatasetError, match=f"holds the link .* {REFUSED}") as told:
        open_dataset(root)
    # It says which link, and not where that leads.
    assert str(root / name) in str(told.value)
    assert "secret" not in str(told.value)
    assert "passwd" not in str(told.value)


@pytest.mark.parametrize(
    "row",
    [
        *("../secret/s.png", "../nothing.png", "benign/../../secret/s.png", "/etc/passwd"),
        *("{secret}", "..\\secret\\s.png", "out.png", "out/s.png", "../dataset.png"),
    ],
)
def test_rows_of_a_manifest(root: Path, row: str) -> None:
    (root / "out.png").symlink_to("../secret/s.png")
    (root / "out").symlink_to("../secret")
    row = row.format(secret=root.parent / "secret" / "s.png")
    with pytest.raises(DatasetError, match=rf"names images in row 1 .* that lie {REFUSED}"):
        open_dataset(manifest(root, row, "benign/1.png"))


def test_rows_in_another_unicode_form(root: Path) -> None:
    (root / unicodedata.normalize("NFC", "é")).symlink_to("../secret")
    for name in ("s.png", "nothing.png"):
        row = unicodedata.normalize("NFD", "é") + f"/{name}"
        with pytest.raises(DatasetError, match=REFUSED):
            open_dataset(manifest(root, row, "benign/1.png"))


def test_a_manifest_that_is_a_link(root: Path) -> None:
    outside = manifest(root.parent / "secret", "s.png")
    (root / "m.csv").symlink_to(outside)
    with pytest.raises(DatasetError, match=REFUSED):
        open_dataset(root / "m.csv")


def test_an_image_that_becomes_a_link(root: Path, home: Path) -> None:
    dataset = open_dataset(root)
    (root / "benign" / "1.png").unlink()
    (root / "benign" / "1.png").symlink_to(root.parent / "secret" / "s.png")
    found = audit(dataset)
    assert REFUSED in str(found.findings)
    with pytest.raises(DatasetError, match=REFUSED):
        _ = dataset.contents
    dataset.__dict__["contents"] = ("",) * 4  # as if taken before
    with pytest.raises(DatasetError, match=REFUSED):
        pixel_cache(dataset, 8, home / "cache")


def test_a_folder_that_becomes_a_link(root: Path) -> None:
    dataset = open_dataset(root)
    (root / "benign").rename(root.parent / "benign")
    (root / "benign").symlink_to(root.parent / "benign")
    with pytest.raises(DatasetError, match=REFUSED):
        _ = dataset.fingerprint
    with pytest.raises(DatasetError, match=REFUSED):
        open_dataset(root)


def test_the_picker_shows_no_way_out(root: Path) -> None:
    (root / "out").symlink_to("../secret")
    (root / "out.csv").symlink_to("../secret/m.csv")
    (root / "in").symlink_to("benign")
    place = look_into(root)
    assert (place.folders, place.manifests) == (("benign", "in", "malignant"), ())


def test_recent_datasets_outside_are_not_offered(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_dataset(root.parent / "secret")
    remember_dataset(root)
    assert recent_datasets() == [str(root)]
    monkeypatch.delenv(HELD)
    assert recent_datasets() == [str(root), str(root.parent / "secret")]


def test_data_of_judged_cases_are_opened_by_who_was_told_the_path_only(
    root: Path, home: Path, draw: Draw
) -> None:
    for seed in range(2):
        draw(home / "cases" / "images-1" / "ab" / f"{seed}.png", seed=seed)
    folder = home / "cases" / "manifests"
    folder.mkdir()
    written = manifest(folder, *(f"../images-1/ab/{seed}.png" for seed in range(2)))
    dataset = open_dataset(written)
    assert len(dataset.contents) == 2
    remember_dataset(written)
    remember_dataset(root)
    assert recent_datasets() == [str(root)]
    for place in (folder, folder.parent, folder / ".." / "images-1"):
        with pytest.raises(DatasetError, match=REFUSED):
            look_into(place)
    (root / "way").symlink_to(folder)
    assert "way" not in look_into(root).folders
    with pytest.raises(DatasetError, match=REFUSED):
        open_dataset(folder / ".." / "images-1")


@pytest.mark.parametrize("name", ["secret", "nothing"])
def test_runs_and_recipes(root: Path, name: str) -> None:
    outside = root.parent / name
    with pytest.raises(DatasetError, match=REFUSED):
        check(Request(recipe=load_recipe("cnn3"), data=outside, name="mine"))
    with pytest.raises(RecipeError, match=REFUSED):
        load_recipe(str(outside / "r.toml"))
    check(Request(recipe=load_recipe("cnn3"), data=root, name="mine"))
