import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.breakhis import SUBTYPES, is_breakhis
from core.datasets.open import open_dataset
from core.datasets.records import COLUMNS
from core.errors import DatasetError


def everything(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def by_name(records: pd.DataFrame) -> dict[str, dict]:
    return {row["path"].split("/")[-1]: row for row in records.to_dict("records")}


def test_every_column_of_the_official_tree(tiny_breakhis: Path) -> None:
    dataset = open_dataset(tiny_breakhis)
    assert (dataset.name, dataset.task, dataset.classes) == (
        *("BreaKHis", "binary"),
        ("benign", "malignant"),
    )
    assert tuple(dataset.records.columns) == COLUMNS
    assert dataset.records.dtypes[["label", "um_per_px", "x", "y"]].tolist() == [
        *("int64", "float64"),
        *("int64", "int64"),
    ]
    rows = by_name(dataset.records)
    assert len(rows) == 6
    row = rows["SOB_B_A-14-22549CD-40-001.png"]
    assert (row["patient"], row["slide"], row["label"]) == ("14-22549", "14-22549CD", 0)
    assert (row["subtype"], row["magnification"], row["x"]) == ("adenosis", "40X", -1)
    assert row["um_per_px"] == pytest.approx(0.49 * 20)
    row = rows["SOB_M_PC-15-190EF-400-010.png"]
    assert (row["patient"], row["slide"], row["label"]) == ("15-190", "15-190EF", 1)
    assert dataset.patients_known
    assert dataset.notes[0] == (
        "BreaKHis in the official tree: 6 images, 5 subtypes, 3 magnifications, "
        "5 slides of 4 patients."
    )
    # A patient in two subtypes is left for the audit to judge, and is named.
    assert "14-13412: ductal carcinoma, lobular carcinoma" in dataset.notes[-1]


def test_subtypes_have_a_fixed_order(tiny_breakhis: Path) -> None:
    dataset = open_dataset(tiny_breakhis, task="subtype")
    assert dataset.classes == (
        *("adenosis", "fibroadenoma", "phyllodes tumour", "tubular adenoma"),
        *("ductal carcinoma", "lobular carcinoma", "mucinous carcinoma", "papillary carcinoma"),
    )
    assert dataset.task == "subtype"
    assert [dataset.classes[label] for label in dataset.records["label"]] == list(
        dataset.records["subtype"]
    )
    assert "No images of fibroadenoma, phyllodes tumour, mucinous carcinoma" in dataset.notes[-1]


@pytest.mark.parametrize("chosen", [["100X"], ["100"], ["100x", "100X"]])
def test_magnifications_are_chosen(tiny_breakhis: Path, chosen: list[str]) -> None:
    records = open_dataset(tiny_breakhis, magnifications=chosen).records
    assert records["magnification"].tolist() == ["100X"] * 4
    assert records.index.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("chosen", [["200X"], ["100X", "20X"], []])
def test_absent_magnifications_list_those_that_exist(
    tiny_breakhis: Path, chosen: list[str]
) -> None:
    with pytest.raises(DatasetError, match="40X, 100X, 400X"):
        open_dataset(tiny_breakhis, magnifications=chosen)


def test_real_images_by_an_independent_count(shared: Path) -> None:
    folder = shared / "data" / "breakhis"
    files = [path for path in everything(folder) if path.suffix == ".png"]
    # The folders tell the same as the names, and the reader goes by the names.
    subtypes = Counter(path.parts[-4].replace("_", " ") for path in files)
    cases = {path.parts[-3].split("_")[-1] for path in files}
    dataset = open_dataset(folder)
    records = dataset.records
    found = records["subtype"].str.replace("tumour", "tumor").value_counts().to_dict()
    assert found == dict(subtypes)
    assert len(records) == len(files) > 0
    assert set(records["slide"]) == cases
    assert set(records["patient"]) == {re.sub("[A-Z]+$", "", case) for case in cases}
    malignant = sum("malignant" in path.parts for path in files)
    assert records["label"].sum() == malignant
    assert records["magnification"].value_counts().to_dict() == Counter(
        path.parts[-2] for path in files
    )
    half = {"40X": 0.98, "100X": 0.4, "200X": 0.2, "400X": 0.1}
    assert records["um_per_px"].tolist() == pytest.approx(
        [half[name] for name in records["magnification"]]
    )
    assert (dataset.source.um_per_px, dataset.source.field_um) == pytest.approx((0.4, 92))
    slide = records[records["slide"] == "14-3411F"]
    assert set(slide["patient"]) == {"14-3411"}


def test_real_images_at_full_size_have_the_published_scale(shared: Path) -> None:
    dataset = open_dataset(shared / "data" / "breakhis_fullres", magnifications=["400X"])
    assert set(dataset.records["um_per_px"]) == {0.05}
    assert (dataset.source.um_per_px, dataset.source.field_um) == pytest.approx((0.05, 23))
    assert not [note for note in dataset.notes if "width" in note]


def test_doubled_folders_count_once_and_differing_copies_are_refused(
    tiny_breakhis: Path, draw: Callable[..., Path]
) -> None:
    single = open_dataset(tiny_breakhis)
    shutil.copytree(
        tiny_breakhis / "histology_slides", tiny_breakhis / "BreaKHis_v1" / "histology_slides"
    )
    doubled = open_dataset(tiny_breakhis)
    assert doubled.records["path"].tolist() == single.records["path"].tolist()
    assert doubled.fingerprint == single.fingerprint
    assert "6 files of the same name and content" in doubled.notes[1]
    copy = next((tiny_breakhis / "BreaKHis_v1").rglob("*-40-001.png"))
    draw(copy, seed=99)
    with pytest.raises(DatasetError, match=r"-40-001\.png”, “BreaKHis_v1.*-40-001\.png”.*differ"):
        open_dataset(tiny_breakhis)


def test_training_and_test_folders_of_copies_are_put_together(tiny_breakhis: Path) -> None:
    copy = tiny_breakhis.parent / "BreaKHis 400X"
    for number, path in enumerate(everything(tiny_breakhis)):
        kind = "malignant" if "SOB_M" in path.name else "benign"
        target = copy / ("train" if number % 2 else "test") / kind
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    dataset = open_dataset(copy)
    assert "training and test folders of a copy, put together" in dataset.notes[0]
    expected = by_name(open_dataset(tiny_breakhis).records)
    found = by_name(dataset.records)
    assert {name: row["label"] for name, row in found.items()} == {
        name: row["label"] for name, row in expected.items()
    }


def test_flat_folder_and_other_files(tiny_breakhis: Path, draw: Callable[..., Path]) -> None:
    flat = tiny_breakhis.parent / "flat"
    flat.mkdir()
    for path in everything(tiny_breakhis):
        shutil.copy(path, flat)
    draw(flat / "overview.jpg")
    (flat / "README.txt").write_text("hello")
    (flat / "._SOB_B_A-14-22549AB-100-001.png").write_bytes(b"left by another system")
    dataset = open_dataset(flat)
    assert len(dataset.records) == 6
    assert "one flat folder" in dataset.notes[0]
    assert dataset.notes[-1] == "1 image under other names left out: “overview.jpg”."


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("benign/SOB_M_DC-14-1-100-001.png", "benign.*says malignant"),
        ("Malignant/x/SOB_B_F-14-1-100-001.png", "Malignant.*says benign"),
        ("mucinous_carcinoma/SOB_M_DC-14-1-100-001.png", "mucinous_carcinoma.*ductal"),
        ("phyllodes_tumor/SOB_B_F-14-1-100-001.png", "phyllodes_tumor.*fibroadenoma"),
        ("40X/SOB_M_DC-14-1-100-001.png", "40X.*100X"),
        ("SOB_B_DC-14-1-100-001.png", "named as benign and as ductal carcinoma"),
    ],
)
def test_contradictions_name_the_file(
    tmp_path: Path, draw: Callable[..., Path], path: str, seen: str
) -> None:
    draw(tmp_path / path)
    with pytest.raises(DatasetError, match=rf"{re.escape(Path(path).name)}” .*{seen}"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    ("size", "um_per_px"),
    [((700, 460), 0.2), ((700, 456), 0.2), ((350, 228), 0.4), ((70, 46), 2.0)],
)
def test_scale_follows_the_width(
    tmp_path: Path, draw: Callable[..., Path], size: tuple[int, int], um_per_px: float
) -> None:
    draw(tmp_path / "SOB_M_DC-14-1-100-001.png", *size)
    dataset = open_dataset(tmp_path)
    assert dataset.records["um_per_px"].tolist() == pytest.approx([um_per_px])
    assert dataset.source.um_per_px == pytest.approx(um_per_px)
    assert dataset.source.field_um == pytest.approx(92)


def test_scale_of_squares_and_damaged_files_is_unknown(
    tmp_path: Path, draw: Callable[..., Path]
) -> None:
    draw(tmp_path / "SOB_M_DC-14-1-100-001.png", 224, 224)
    (tmp_path / "SOB_M_DC-14-1-100-002.png").write_bytes(b"")
    dataset = open_dataset(tmp_path)
    assert dataset.records["um_per_px"].isna().all()
    assert dataset.source.um_per_px != dataset.source.um_per_px
    assert "scale of 2 images is unknown" in dataset.notes[1]


@given(
    letters=st.sampled_from(list(SUBTYPES)),
    case=st.tuples(st.integers(0, 99), st.integers(1, 99999)),
    blocks=st.text("ABCDEFGH", max_size=3),
    magnification=st.sampled_from([40, 100, 200, 400]),
    number=st.integers(1, 999),
)
def test_names_come_back(
    letters: str, case: tuple[int, int], blocks: str, magnification: int, number: int
) -> None:
    kind = "M" if letters in {"DC", "LC", "MC", "PC"} else "B"
    patient = f"{case[0]}-{case[1]}"
    name = f"SOB_{kind}_{letters}-{patient}{blocks}-{magnification}-{number:03d}.png"
    assert is_breakhis(f"any/where/{name}")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).touch()
        record = open_dataset(Path(folder)).records.iloc[0]
    assert (record["patient"], record["slide"]) == (patient, patient + blocks)
    assert (record["subtype"], record["magnification"]) == (SUBTYPES[letters], f"{magnification}X")
    assert record["label"] == (kind == "M")


@pytest.mark.parametrize(
    "name",
    [
        "SOB_B_A_14-22549AB-40-001.png",
        "SOB_B_A-14-22549AB-50-001.png",
        "SOB_B_XX-14-22549AB-40-001.png",
        "SOB_B_A-14-22549AB-40-001_norm.png",
        "copy of SOB_B_A-14-22549AB-40-001.png",
    ],
)
def test_other_names_are_not_official(name: str) -> None:
    assert not is_breakhis(name)
