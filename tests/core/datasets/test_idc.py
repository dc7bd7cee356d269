import shutil
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.datasets.idc import stitch
from core.datasets.open import open_dataset
from core.datasets.records import COLUMNS
from core.errors import DatasetError


def test_reads_names_and_not_folders(tiny_idc: Path, tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in tiny_idc.rglob("*.png"):
        shutil.copy(path, flat)
    (flat / "notes.png").write_bytes(b"not one of ours")
    dataset = open_dataset(flat)
    assert tuple(dataset.records.columns) == COLUMNS
    assert len(dataset.records) == 6 * 20 + 10 + 10
    row = dataset.records[dataset.records["path"] == "3_idx5_x151_y151_class1.png"].iloc[0]
    assert (row["patient"], row["label"], row["x"], row["y"], row["um_per_px"]) == (
        *("3", 1, 151, 151),
        4.0,
    )


def test_patients_are_those_of_the_names_whatever_the_folders(
    tiny_idc: Path, tmp_path: Path
) -> None:
    for path in tiny_idc.rglob("*.png"):
        target = tmp_path / "train" / path.parent.name / f"10{path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    records = open_dataset(tmp_path).records
    assert sorted(records["patient"].unique()) == [f"10{number}" for number in range(1, 9)]
    first = records[records["patient"] == "101"]
    assert sorted(first["x"].unique()) == list(range(1, 502, 50))[:10]
    assert sorted(first["y"].unique()) == [101, 151]


def test_real_folder_has_the_published_counts(shared: Path) -> None:
    """The folders tell the same as the names, and the reader goes by the names."""
    folder = shared / "data" / "idc"
    records = open_dataset(folder).records
    in_folders = Counter(path.parts[-3:-1] for path in folder.glob("*/[01]/*.png"))
    counts = records.groupby(["patient", "label"]).size()
    assert {(patient, str(label)): n for (patient, label), n in counts.items()} == in_folders
    assert (counts["8864", 0], counts["8864", 1]) == (805, 328)


def test_folder_and_name_must_agree(tiny_idc: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "1" / "0"
    wrong.mkdir(parents=True)
    shutil.copy(next(tiny_idc.glob("1/1/*.png")), wrong)
    with pytest.raises(DatasetError, match=r"folder 0 but its name says class 1"):
        open_dataset(tmp_path)


def test_doubled_folders_count_once(tiny_idc: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_idc, tmp_path, dirs_exist_ok=True)
    shutil.copytree(tiny_idc, tmp_path / "IDC_regular_ps50_idx5")
    dataset = open_dataset(tmp_path)
    assert dataset.fingerprint == open_dataset(tiny_idc).fingerprint
    assert dataset.notes == (
        "IDC: 140 images of 8 patients, 70 with carcinoma and 70 without.",
        (
            "140 files of the same name and content occur more than once, in other folders; "
            "each patch counts once."
        ),
    )


@pytest.mark.parametrize(("content", "seen"), [((), "empty"), (("holiday.jpg",), "holiday.jpg")])
def test_other_folders_are_described(tmp_path: Path, content: tuple[str, ...], seen: str) -> None:
    for name in content:
        (tmp_path / name).touch()
    with pytest.raises(DatasetError, match=seen):
        open_dataset(tmp_path)
    with pytest.raises(DatasetError, match="no folder"):
        open_dataset(tmp_path / "absent")


def test_fingerprint_follows_content_and_not_place(tiny_idc: Path, tmp_path: Path) -> None:
    original = open_dataset(tiny_idc).fingerprint
    copy = tmp_path / "elsewhere"
    shutil.copytree(tiny_idc, copy)
    assert open_dataset(copy).fingerprint == original
    path = next(copy.glob("2/1/*.png"))
    cv2.imwrite(str(path), 255 - cv2.imread(str(path)))
    assert open_dataset(copy).fingerprint != original


def test_stitch_puts_patches_where_their_names_say(tiny_idc: Path) -> None:
    dataset = open_dataset(tiny_idc)
    pixels, labels = stitch(dataset, "4")
    assert labels.tolist() == [[0] * 10, [1] * 10]
    patch = cv2.imread(str(tiny_idc / "4" / "1" / "4_idx5_x351_y151_class1.png"))[:, :, ::-1]
    np.testing.assert_array_equal(pixels[50:, 350:400], patch)
    with pytest.raises(DatasetError, match="Its patients are: 1, 2"):
        stitch(dataset, "99")


@pytest.mark.exhaustive
def test_stitch_of_a_real_patient_keeps_every_label(shared: Path) -> None:
    pixels, labels = stitch(open_dataset(shared / "data" / "idc"), "8864")
    assert ((labels == 0).sum(), (labels == 1).sum()) == (805, 328)
    assert pixels.shape == (labels.shape[0] * 50, labels.shape[1] * 50, 3)
    missing = np.argwhere(labels == -1)[0] * 50
    assert (pixels[missing[0] : missing[0] + 50, missing[1] : missing[1] + 50] == 255).all()


@pytest.mark.parametrize(("side", "scale"), [(100, 2.0), (96, 4 * 50 / 96), (25, 8.0), (50, 4.0)])
def test_resized_patches_take_their_scale_from_their_size(
    tiny_idc: Path, tmp_path: Path, side: int, scale: float
) -> None:
    for path in tiny_idc.rglob("*.png"):
        pixels = cv2.resize(cv2.imread(str(path)), (side, side))
        assert cv2.imwrite(str(tmp_path / path.name), pixels)
    for path in [*tmp_path.glob("*.png")][:3]:  # at the edge of a slide
        assert cv2.imwrite(str(path), cv2.imread(str(path))[: side // 2])
    dataset = open_dataset(tmp_path)
    assert dataset.records["um_per_px"].tolist() == pytest.approx([scale] * 140)
    assert dataset.source.um_per_px == pytest.approx(scale)
    assert any("not of the published size" in note for note in dataset.notes) == (side != 50)
    pixels, _ = stitch(dataset, "4")
    assert pixels.shape == (100, 500, 3)


@pytest.mark.parametrize("suffix", [".PNG", ".tif", ".JPG"])
def test_other_extensions_keep_the_layout_known(
    tiny_idc: Path, tmp_path: Path, suffix: str
) -> None:
    for path in tiny_idc.rglob("*.png"):
        target = tmp_path / path.relative_to(tiny_idc).with_suffix(suffix)
        target.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(target), cv2.imread(str(path)))
    dataset = open_dataset(tmp_path)
    assert (dataset.name, dataset.classes) == ("IDC", ("no IDC", "IDC"))
    assert dataset.records["patient"].nunique() == 8
    assert set(dataset.records["um_per_px"]) == {4.0}
