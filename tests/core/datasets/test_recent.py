from pathlib import Path

from core.datasets.recent import MOST, recent_datasets, remember_dataset


def test_latest_comes_first_once_and_old_ones_go() -> None:
    for number in range(MOST + 3):
        remember_dataset(Path(f"/data/{number}"))
    remember_dataset(Path(f"/data/{MOST}"))
    kept = recent_datasets()
    assert kept[:2] == [f"/data/{MOST}", f"/data/{MOST + 2}"]
    assert len(kept) == len(set(kept)) == MOST


def test_damaged_list_is_no_list(home: Path) -> None:
    for text in ("", "{", '{"a": 1}', "[1, null]"):
        (home / "recent.json").write_text(text)
        assert recent_datasets() == []
