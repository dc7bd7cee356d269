import math
import unicodedata
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


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_headers_in_any_case(images: Path, suffix: str) -> None:
    loud = {f" {name.upper()}": cells for name, cells in FULL.items()}
    ours = open_dataset(write(images, FULL, suffix)).records
    assert open_dataset(write(images, loud, suffix)).records.equals(ours)


def test_only_what_is_needed(images: Path) -> None:
    dataset = open_dataset(write(images, {"path": FULL["path"], "label": ["no", "yes", "no"]}))
    assert dataset.classes == ("no", "yes")
    assert not dataset.patients_known
    assert dataset.records["patient"].tolist() == dataset.records["path"].tolist()
    assert any("any split may leak" in note for note in dataset.notes)
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
    with pytest.raises(DatasetError, match="has a patient column, and a pattern"):
        open_dataset(write(images, FULL), patient_pattern=pattern)


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"label": ["a", "", "b"]}, r"empty label in row 2 \(row 1 is the first below the header"),
        ({"path": ["a.png", "nope.png", "x\n.png"]}, r"not exist in rows 2, 3 .*“nope.png”, “x\\n"),
        ({"path": ["a.png", "./a.png", "c.png"]}, "second time in row 2"),
        ({"patient": ["p", "", ""]}, "empty patient in rows 2, 3"),
        ({"um_per_px": ["0.5", "1/2", "-1"]}, "not a positive number in rows 2, 3"),
        ({"um_per_px": ["0.5 mm", "inf", "0"]}, "not a positive number in rows 1, 2, 3"),
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


@pytest.mark.parametrize(
    ("encoding", "separator", "first"),
    [
        ("utf-8", ",", ""),
        ("utf-8-sig", ";", ""),
        ("utf-16", "\t", ""),
        ("utf-16-le", ";", ""),
        ("utf-16-be", ",", ""),
        ("utf-32", "|", ""),
        ("utf-8", ";", "sep=;\r\n"),
        ("utf-16", "|", "SEP=|\n"),
        ("utf-8-sig", ",", '"sep=,"\n'),
        ("utf-8", ",", "sep=;\n"),
        ("utf-8", ";", "sep= ;\n"),
    ],
)
def test_tables_as_spreadsheets_write_them(
    images: Path, encoding: str, separator: str, first: str
) -> None:
    rows = [("path", "label", "patient"), *((path, "Ä", "1") for path in FULL["path"])]
    rows[1] = (rows[1][0], "kein Ä", "2")
    text = first + "\r\n".join(separator.join(row) for row in rows)
    (images / "t.csv").write_bytes(text.encode(encoding))
    dataset = open_dataset(images / "t.csv")
    assert dataset.classes == ("kein Ä", "Ä")
    assert dataset.records["patient"].tolist() == ["2", "1", "1"]


@pytest.mark.parametrize("cell", ["NA", "n/a", "nan", "None", "NULL", "unknown", "-", "?", ""])
def test_cells_that_say_nothing_are_missing(images: Path, cell: str) -> None:
    path = write(images, FULL | {"patient": ["p1", cell, "p2"]})
    with pytest.raises(DatasetError, match="empty patient in row 2"):
        open_dataset(path)


def test_labels_may_be_signs(images: Path) -> None:
    assert open_dataset(write(images, FULL | {"label": ["-", "+", "-"]})).classes == ("-", "+")
    with pytest.raises(DatasetError, match="empty label in rows 1, 3"):
        open_dataset(write(images, FULL | {"label": ["nan", "1", "NA"]}))


@pytest.mark.parametrize(
    ("scales", "seen"),
    [
        ([40, 40, 40], r"did you mean 40×, 0\.25 µm/px"),
        ([0.25, 25, 0.25], r"um_per_px of 25 in row 2.*Other rows have 0\.25, which is 100 times"),
        ([0.001, 1, 1], r"must be from 0\.05 to 20"),
    ],
)
def test_scales_that_no_microscope_has(images: Path, scales: list[float], seen: str) -> None:
    with pytest.raises(DatasetError, match=seen):
        open_dataset(write(images, FULL | {"um_per_px": scales}))


@pytest.mark.parametrize("nothing", ["", "NA", "nan", "-", "?", "unknown"])
def test_scales_with_a_decimal_comma_or_none(images: Path, nothing: str) -> None:
    cells = zip(FULL["path"], "011", ("0,25", nothing, "2.5e-1"), strict=True)
    rows = ["path;label;um_per_px", *map(";".join, cells)]
    (images / "m.csv").write_text("\n".join(rows), encoding="utf-8")
    scales = open_dataset(images / "m.csv").records["um_per_px"].tolist()
    assert scales[:2] == [0.25, 0.25]
    assert math.isnan(scales[2])


def test_one_magnification_in_several_spellings(images: Path) -> None:
    dataset = open_dataset(write(images, FULL | {"magnification": ["40", "40.0", "40×"]}))
    assert set(dataset.records["magnification"]) == {"40X"}


def test_names_in_another_unicode_form(images: Path, draw: Callable[..., Path]) -> None:
    for form in ("NFC", "NFD"):
        draw(images / unicodedata.normalize(form, "Fälle") / f"{form}.png")
    names = [unicodedata.normalize("NFD", "Fälle/NFC.png"), "Fälle/NFD.png"]
    path = write(images, {"path": names, "label": ["0", "1"]})
    dataset = open_dataset(path)
    assert all((images / name).is_file() for name in dataset.records["path"])
    assert "another Unicode form" in dataset.notes[-1]
