from collections.abc import Callable
from pathlib import Path

import pytest

from core.datasets.open import open_dataset
from core.datasets.records import COLUMNS
from core.errors import DatasetError

FILES = ("7_1.png", "7_2.jpg", "8_1.tif")


@pytest.fixture
def folder(tmp_path: Path, draw: Callable[..., Path]) -> Path:
    """Three images each of tumour and normal tissue, of patients 7 and 8."""
    for seed, name in enumerate(FILES):
        draw(tmp_path / "tumour" / name, seed=seed)
        draw(tmp_path / "Normal" / "deeper" / name, seed=seed + 9)
    (tmp_path / "tumour" / "notes.txt").write_text("no image")
    return tmp_path


def write_patients(folder: Path, *rows: str, header: str = "path,patient") -> None:
    (folder / "patients.csv").write_text("\n".join([header, *rows]) + "\n")


def test_unknown_patients_are_said_loudly(folder: Path, draw: Callable[..., Path]) -> None:
    draw(folder / "overview.png")
    dataset = open_dataset(folder)
    records = dataset.records
    assert tuple(records.columns) == COLUMNS
    assert dataset.classes == ("Normal", "tumour")
    assert not dataset.patients_known
    assert records["path"].tolist() == records["patient"].tolist()
    assert records["label"].tolist() == [0, 0, 0, 1, 1, 1]
    assert records["um_per_px"].isna().all()
    assert dataset.notes[0].endswith("6 images (3 Normal, 3 tumour).")
    assert dataset.notes[1] == "The positive class is “tumour”, the negative “Normal”."
    assert "no leak can be excluded" in dataset.notes[2]
    assert "“overview.png”" in dataset.notes[3]


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (("malignant", "benign"), ("benign", "malignant")),
        (("0", "1"), ("0", "1")),
        (("Positive", "NEGATIVE"), ("NEGATIVE", "Positive")),
        (("cancer", "normal"), ("normal", "cancer")),
        (("x", "b"), ("b", "x")),
        (("normal", "benign"), ("benign", "normal")),
    ],
)
def test_the_negative_class_comes_first(
    tmp_path: Path, draw: Callable[..., Path], names: tuple[str, ...], classes: tuple[str, ...]
) -> None:
    for name in names:
        draw(tmp_path / name / "a.png")
    dataset = open_dataset(tmp_path)
    assert dataset.classes == classes
    assert f"positive class is “{classes[1]}”" in dataset.notes[1]
    assert ("alphabet" in dataset.notes[1]) == (classes in {("b", "x"), ("benign", "normal")})


def test_patients_by_pattern(folder: Path) -> None:
    dataset = open_dataset(folder, patient_pattern=r"/(?P<patient>\d+)_\d\.")
    assert dataset.patients_known
    assert dataset.records["patient"].tolist() == ["7", "7", "8"] * 2
    assert dataset.notes[-1].startswith("2 patients, by the pattern")


@pytest.mark.parametrize(
    ("pattern", "seen"),
    [
        ("(", "no regular expression"),
        (r"(\d+)_", "no group named patient"),
        (r"(?P<patient>8)_", r"finds none in 4 of 6 paths: “Normal/deeper/7_1.png”"),
        (r"(?P<patient>x*)", "finds none in 6 of 6"),
    ],
)
def test_wrong_patterns_explain_themselves(folder: Path, pattern: str, seen: str) -> None:
    with pytest.raises(DatasetError, match=seen):
        open_dataset(folder, patient_pattern=pattern)


def test_patients_by_table_of_paths_or_names(folder: Path, draw: Callable[..., Path]) -> None:
    draw(folder / "tumour" / "single.png")
    write_patients(
        folder,
        *(f"tumour\\{name},NA" for name in FILES),
        *(f"Normal/deeper/{name}, Anna " for name in FILES),
        '"single.png","née, B."',
        "absent.png,9",
    )
    dataset = open_dataset(folder)
    assert dataset.records["patient"].tolist() == ["Anna"] * 3 + ["NA"] * 3 + ["née, B."]
    assert dataset.patients_known


def test_a_table_with_semicolons(folder: Path) -> None:
    rows = [f"{kind}/{name};{name[0]}" for kind in ("tumour", "Normal/deeper") for name in FILES]
    write_patients(folder, *rows, header="\ufeffpath;patient")
    assert open_dataset(folder).records["patient"].tolist() == ["7", "7", "8"] * 2


@pytest.mark.parametrize(
    ("rows", "seen"),
    [
        (("tumour/7_1.png,7",), r"no patient for 5 of 6 images: “Normal/deeper/7_1\.png”"),
        (("7_1.png,7",), r"several: “Normal/deeper/7_1\.png”, “tumour/7_1\.png”"),
        (("tumour/7_1.png,7", "tumour/7_1.png,8"), "two patients, “7” and, in row 2"),
        (("tumour/7_1.png,",), "empty cells in row 1"),
        (("tumour/7_1.png",), "another number of cells in row 1"),
        ((), "no rows"),
    ],
)
def test_wrong_tables_name_rows(folder: Path, rows: tuple[str, ...], seen: str) -> None:
    write_patients(folder, *rows)
    with pytest.raises(DatasetError, match=seen):
        open_dataset(folder)


def test_table_with_wrong_columns(folder: Path) -> None:
    write_patients(folder, "a,b", header="file,patient")
    with pytest.raises(DatasetError, match=r"lacks 1 column: “path”.*must have path, patient"):
        open_dataset(folder)
    write_patients(folder, "a,b,c", header="path,patient,age")
    with pytest.raises(DatasetError, match="unknown 1 column: “age”"):
        open_dataset(folder)


def test_more_than_two_classes_are_subtypes(folder: Path, draw: Callable[..., Path]) -> None:
    draw(folder / "benign" / "a.png")
    with pytest.raises(DatasetError, match=r"3 classes.*“subtype”"):
        open_dataset(folder)
    dataset = open_dataset(folder, task="subtype")
    assert dataset.classes == ("Normal", "benign", "tumour")
    assert set(dataset.records["subtype"]) == set(dataset.classes)


@pytest.mark.parametrize(
    ("names", "seen"),
    [(("data",), "one subfolder, “data”"), (("train", "test"), "“test”, “train”, which divide")],
)
def test_subfolders_that_are_no_classes(
    tmp_path: Path, draw: Callable[..., Path], names: tuple[str, ...], seen: str
) -> None:
    for name in names:
        draw(tmp_path / name / "benign" / "a.png")
        draw(tmp_path / name / "malignant" / "a.png")
    with pytest.raises(DatasetError, match=seen):
        open_dataset(tmp_path)


def test_magnifications_cannot_be_chosen(folder: Path) -> None:
    with pytest.raises(DatasetError, match="state no magnification"):
        open_dataset(folder, magnifications=["40X"])
