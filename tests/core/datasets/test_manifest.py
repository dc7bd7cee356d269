import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from core.datasets.open import open_dataset
from core.datasets.records import COLUMNS
from core.errors import DatasetError

FULL = {
    "path": ["a.png", "deep/b.tif", "c.png"],
    "label": [1, 0, 1],
    "patient": ["p1", "p2", "p1"],
    "slide": ["s1", "s2", "s3"],
    "subtype": ["x", "y", "z"],
    "magnification": ["40", "100X", "40x"],
    "um_per_px": [0.5, math.nan, 0.25],
}


@pytest.fixture
def images(tmp_path: Path, draw: Callable[..., Path]) -> Path:
    for seed, path in enumerate(FULL["path"]):
        draw(tmp_path / path, seed=seed)
    return tmp_path


def write(folder: Path, content: dict[str, list], suffix: str = ".csv") -> Path:
    path = folder / f"own images{suffix}"
    frame = pd.DataFrame(content)
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_every_column(images: Path, suffix: str) -> None:
    dataset = open_dataset(write(images, FULL, suffix))
    assert (dataset.name, dataset.root, dataset.classes) == ("own images", images, ("0", "1"))
    assert tuple(dataset.records.columns) == COLUMNS
    rows = dataset.records.to_dict("list")
    assert rows["path"] == ["a.png", "c.png", "deep/b.tif"]
    assert rows["patient"] == ["p1", "p1", "p2"]
    assert rows["slide"] == ["s1", "s3", "s2"]
    assert rows["label"] == [1, 1, 0]
    assert rows["subtype"] == ["x", "z", "y"]
    assert rows["magnification"] == ["40X", "40X", "100X"]
    assert rows["um_per_px"] == pytest.approx([0.5, 0.25, math.nan], nan_ok=True)
    assert dataset.patients_known
    assert "Scale 0.25 to 0.5 µm/px, unknown for 1 image." in dataset.notes
    # c.png is 35×23 px at 0.25 µm/px.
    assert dataset.source.um_per_px == 0.25
    assert dataset.source.field_um == pytest.approx(23 * 0.25)
    assert dataset.fingerprint


def test_only_what_is_needed(images: Path) -> None:
    dataset = open_dataset(write(images, {"path": FULL["path"], "label": ["no", "yes", "no"]}))
    assert dataset.classes == ("no", "yes")
    assert not dataset.patients_known
    assert dataset.records["patient"].tolist() == dataset.records["path"].tolist()
    assert any("no leak can be excluded" in note for note in dataset.notes)
    assert math.isnan(dataset.source.um_per_px)
    with pytest.raises(DatasetError, match="state no magnification"):
        open_dataset(images / "own images.csv", magnifications=["40X"])


def test_subtypes_come_from_their_column_or_else_from_the_label(images: Path) -> None:
    assert open_dataset(write(images, FULL), task="subtype").classes == ("x", "y", "z")
    three = {"path": FULL["path"], "label": ["u", "v", "w"]}
    assert open_dataset(write(images, three), task="subtype").classes == ("u", "v", "w")
    with pytest.raises(DatasetError, match=r"3 classes.*“subtype”"):
        open_dataset(write(images, three))


def test_chosen_magnifications(images: Path) -> None:
    dataset = open_dataset(write(images, FULL), magnifications=["40X"])
    assert dataset.records["path"].tolist() == ["a.png", "c.png"]


def test_paths_elsewhere_and_in_the_words_of_another_system(
    images: Path, draw: Callable[..., Path]
) -> None:
    outside = draw(images.parent / f"{images.name}-outside" / "d.png")
    paths = [str(outside), r"deep\b.tif", f"../{outside.parent.name}/../{images.name}/c.png"]
    dataset = open_dataset(write(images, {"path": paths, "label": [0, 1, 1]}))
    assert all((dataset.root / path).is_file() for path in dataset.records["path"])
    assert str(outside) in set(dataset.records["path"])


def test_patients_by_pattern_unless_there_is_a_column(images: Path) -> None:
    pattern = r"(?P<patient>\w)\.\w+$"
    path = write(images, {"path": FULL["path"], "label": FULL["label"]})
    assert open_dataset(path, patient_pattern=pattern).records["patient"].tolist() == list("acb")
    with pytest.raises(DatasetError, match="has a column patient, and a pattern"):
        open_dataset(write(images, FULL), patient_pattern=pattern)


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"label": ["a", "", "b"]}, r"empty label in row 2 \(row 1 is the first below the header"),
        ({"path": ["a.png", "nope.png", "x\n.png"]}, r"not exist in rows 2, 3 .*“nope.png”, “x\\n"),
        ({"path": ["a.png", "./a.png", "c.png"]}, "second time in row 2"),
        ({"patient": ["p", "", ""]}, "empty patient in rows 2, 3"),
        ({"um_per_px": ["0.5", "0,5", "-1"]}, "no positive number in rows 2, 3"),
        ({"um_per_px": ["nan", "inf", "0"]}, "no positive number in rows 1, 2, 3"),
        ({"label": ["a", "a", "a"]}, "only one class, “a”"),
        ({"stain": ["H", "H", "H"]}, "unknown 1 column: “stain”.*it may have patient, slide"),
    ],
)
def test_errors_name_the_rows(images: Path, changes: dict[str, list[str]], seen: str) -> None:
    with pytest.raises(DatasetError, match=seen):
        open_dataset(write(images, FULL | changes))


def test_missing_columns(images: Path) -> None:
    with pytest.raises(DatasetError, match=r"lacks 1 column: “label”.*header is “path”, “class”"):
        open_dataset(write(images, {"path": ["a.png"], "class": ["b"]}))


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"path,label\n", b"path,label,label\na.png,1,1\n", b"\0"]
)
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_damaged_tables(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match="table"):
        open_dataset(path)


def test_an_unreadable_image_leaves_the_field_unknown(images: Path) -> None:
    (images / "c.png").write_bytes(b"damaged")
    dataset = open_dataset(write(images, FULL))
    assert math.isnan(dataset.source.field_um)
