import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.datasets.split import Split, k_fold, split_dataset
from core.datasets.split_file import load_split, save_split
from core.errors import DatasetError


@pytest.fixture(scope="module")
def dataset(tiny_idc: Path) -> Dataset:
    return open_dataset(tiny_idc)


def without_a_row(dataset: Dataset) -> Dataset:
    return dataclasses.replace(dataset, name="another", records=dataset.records.iloc[1:])


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


@pytest.mark.parametrize("kind", ["patient", "image"])
def test_what_was_saved_is_loaded(dataset: Dataset, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "new" / "split.json"
    for split in [split_dataset(dataset, kind, 3, (0.5, 0.25, 0.25)), *k_fold(dataset, 4, 1, kind)]:
        save_split(split, dataset, path)
        loaded = load_split(path, dataset)
        for name, rows in split.parts().items():
            np.testing.assert_array_equal(loaded.parts()[name], rows)
        assert (loaded.kind, loaded.seed, loaded.fractions, loaded.leaky) == (
            *(split.kind, split.seed, split.fractions, split.leaky),
        )
    assert [file.name for file in path.parent.iterdir()] == ["split.json"]


def test_the_file_can_be_read_by_people(dataset: Dataset, tmp_path: Path) -> None:
    split = split_dataset(dataset, "patient", 0)
    save_split(split, dataset, tmp_path / "split.json")
    content = json.loads((tmp_path / "split.json").read_text("utf-8"))
    assert content["kind"] == "patient"
    assert content["members_are"] == "patients"
    assert sorted(itertools.chain(*content["members"].values())) == [str(n) for n in range(1, 9)]
    assert content["fingerprint"] == dataset.fingerprint
    assert content["images"] == {part: len(rows) for part, rows in split.parts().items()}
    save_split(split_dataset(dataset, "image", 0), dataset, tmp_path / "split.json")
    content = json.loads((tmp_path / "split.json").read_text("utf-8"))
    assert content["leaky"]
    assert content["members"]["test"][0].endswith(".png")


def test_another_dataset_is_refused_and_both_are_named(dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "split.json"
    save_split(split_dataset(dataset, "patient", 0), dataset, path)
    other = without_a_row(dataset)
    with pytest.raises(DatasetError) as caught:
        load_split(path, other)
    for word in (dataset.name, "140 images", dataset.fingerprint[:12], "another", "139 images"):
        assert word in str(caught.value)
    assert other.fingerprint[:12] in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "slide"}, "not a saved split: kind"),
        ({"schema_version": 2}, "not a saved split: schema_version"),
        ({"members": {"train": list("123456"), "validation": ["7"]}}, "8 is in the dataset"),
        ({"members": {"train": list("1234567"), "test": list("18")}}, "1 is in two parts"),
        ({"members": {"train": list("12345678")}}, "images and not"),
    ],
)
def test_an_edited_file_is_refused(
    dataset: Dataset, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    path = tmp_path / "split.json"
    save_split(split_dataset(dataset, "patient", 0), dataset, path)
    edit(path, **changes)
    with pytest.raises(DatasetError, match=said):
        load_split(path, dataset)


def test_a_file_that_is_none_or_missing_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "split.json"
    with pytest.raises(DatasetError, match="cannot be read"):
        load_split(path, dataset)
    path.write_text("{")
    with pytest.raises(DatasetError, match="not a saved split"):
        load_split(path, dataset)


def test_a_split_of_another_dataset_is_not_saved(dataset: Dataset, tmp_path: Path) -> None:
    half = Split("patient", 0, np.arange(0, 5), np.arange(5, 70), np.arange(70, 140))
    with pytest.raises(DatasetError, match="is in two parts"):
        save_split(half, dataset, tmp_path / "split.json")
    assert not list(tmp_path.iterdir())


def test_a_failed_save_leaves_what_was_there(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "split.json"
    save_split(split_dataset(dataset, "patient", 0), dataset, path)
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DatasetError, match="No space left on device"):
        save_split(split_dataset(dataset, "image", 0), dataset, path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
