from collections.abc import Callable
from pathlib import Path

import pytest

import core.datasets.browse
from core.datasets.browse import MOST_RECENT, look_into, recent_datasets, remember_dataset
from core.errors import DatasetError


def test_what_lies_in_a_folder(tmp_path: Path, draw: Callable[..., Path]) -> None:
    for name in ("b", "a", ".hidden", "__MACOSX"):
        (tmp_path / name).mkdir()
    for name in ("1.png", "2.JPG", ".3.png"):
        draw(tmp_path / "x.png").rename(tmp_path / name)
    for name in ("m.csv", "M.parquet", "readme.txt"):
        (tmp_path / name).touch()
    place = look_into(tmp_path)
    assert place.folders == ("a", "b")
    assert place.manifests == ("M.parquet", "m.csv")
    assert (place.images, place.whole) == (2, True)


def test_a_huge_folder_is_looked_at_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.datasets.browse, "MOST", 3)
    for number in range(5):
        (tmp_path / f"{number}.png").touch()
    place = look_into(tmp_path)
    assert (place.images, place.whole) == (3, False)


@pytest.mark.parametrize("name", ["missing", "a\0b", "x" * 300])
def test_folders_that_cannot_be_listed(tmp_path: Path, name: str) -> None:
    with pytest.raises(DatasetError, match="cannot be listed"):
        look_into(tmp_path / name)


def test_latest_comes_first_once_and_old_ones_go() -> None:
    for number in range(MOST_RECENT + 3):
        remember_dataset(Path(f"/data/{number}"))
    remember_dataset(Path(f"/data/{MOST_RECENT}"))
    kept = recent_datasets()
    assert kept[:2] == [f"/data/{MOST_RECENT}", f"/data/{MOST_RECENT + 2}"]
    assert len(kept) == len(set(kept)) == MOST_RECENT


def test_damaged_list_is_no_list(home: Path) -> None:
    for text in ("", "{", '{"a": 1}', "[1, null]"):
        (home / "recent.json").write_text(text)
        assert recent_datasets() == []
