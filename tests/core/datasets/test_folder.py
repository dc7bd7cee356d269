import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.datasets.classes import UndecidedClassesError
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
    assert "any split may leak" in dataset.notes[2]
    assert "“overview.png”" in dataset.notes[3]


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (("malignant", "benign"), ("benign", "malignant")),
        (("0", "1"), ("0", "1")),
        (("Positive", "NEGATIVE"), ("NEGATIVE", "Positive")),
        (("cancer", "normal"), ("normal", "cancer")),
        (("IDC", "non-IDC"), ("non-IDC", "IDC")),
        (("carcinoma", "healthy tissue"), ("healthy tissue", "carcinoma")),
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


def test_patients_by_pattern(folder: Path) -> None:
    dataset = open_dataset(folder, patient_pattern=r"/(?P<patient>\d+)_\d\.")
    assert dataset.patients_known
    assert dataset.records["patient"].tolist() == ["7", "7", "8"] * 2
    assert dataset.notes[-1].startswith("2 patients, by the pattern")


@pytest.mark.parametrize(
    ("pattern", "seen"),
    [
        ("(", "not a regular expression"),
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
        *(f"tumour\\{name},B7" for name in FILES),
        *(f"Normal/deeper/{name}, Anna " for name in FILES),
        '"single.png","née, B."',
        "absent.png,9",
    )
    dataset = open_dataset(folder)
    assert dataset.records["patient"].tolist() == ["Anna"] * 3 + ["B7"] * 3 + ["née, B."]
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
    [
        (("data",), "one subfolder, “data”"),
        (("train", "benign"), "“benign”, “train”, which divide"),
        (("images", "masks"), "“masks” hold masks"),
    ],
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


@pytest.mark.parametrize(
    ("levels", "magnifications"),
    [
        (["Train_data", "Test_data"], {""}),
        (["fold1", "fold2", "fold3"], {""}),
        (["train", "val", "test"], {""}),
        (["100X", "400x"], {"100X", "400X"}),
        (["40", "100"], {"40X", "100X"}),
        (["train/fold_1/40×", "test/fold_2/x40"], {"40X"}),
        (["Site A", "Site B"], {""}),
        (["train"], {""}),
        # Numbers say nothing where opposites are below each of them.
        *((["slide0", "slide1"], {""}), (["level_1", "level_0"], {""}), (["0", "1"], {""})),
        *((["train/valid", "train/fold_1"], {""}), (["10x_20x", "x40"], {"", "40X"})),
    ],
)
def test_levels_that_divide_are_no_classes(
    tmp_path: Path, draw: Callable[..., Path], levels: list[str], magnifications: set[str]
) -> None:
    for seed, level in enumerate(levels):
        draw(tmp_path / level / "benign" / "deeper" / f"{seed}.png", seed=seed)
        draw(tmp_path / level / "Malignant" / f"{seed}.png", seed=seed + 9)
    dataset = open_dataset(tmp_path)
    assert dataset.classes == ("benign", "Malignant")
    assert len(dataset.records) == 2 * len(levels)
    assert set(dataset.records["magnification"]) == magnifications
    assert "divide the images and are not classes" in dataset.notes[1]
    if magnifications == {"100X", "400X"}:
        assert len(open_dataset(tmp_path, magnifications=["400"]).records) == 2


def test_a_magnification_below_the_classes_is_one(
    tmp_path: Path, draw: Callable[..., Path]
) -> None:
    for name in ("benign", "malignant"):
        for magnification in ("40X", "100X"):
            draw(tmp_path / name / magnification / "a.png")
    dataset = open_dataset(tmp_path, magnifications=["40.0"])
    assert dataset.classes == ("benign", "malignant")
    assert dataset.records["magnification"].tolist() == ["40X"] * 2


@pytest.mark.parametrize("above", [True, False])
@pytest.mark.parametrize(
    ("names", "known"),
    [
        (("1", "2", "3", "4", "5"), {""}),
        (("10", "20", "31"), {""}),
        (("10", "40"), {"10X", "40X"}),
        (("mag40", "mag100"), {"40X", "100X"}),
    ],
)
def test_bare_numbers_are_magnifications_where_all_are_usual_ones(
    tmp_path: Path,
    draw: Callable[..., Path],
    names: tuple[str, ...],
    known: set[str],
    *,
    above: bool,
) -> None:
    for seed, number in enumerate(names):
        for name in ("benign", "malignant"):
            folders = (number, name) if above else (name, number)
            draw(tmp_path.joinpath(*folders) / "a.png", seed=seed)
    dataset = open_dataset(tmp_path)
    assert dataset.classes == ("benign", "malignant")
    assert set(dataset.records["magnification"]) == known


def test_names_are_quoted_for_the_command_line(tmp_path: Path, draw: Callable[..., Path]) -> None:
    for name in ("x(1)", "y&z"):
        draw(tmp_path / name / "a.png")
    with pytest.raises(UndecidedClassesError, match=r"--positive 'x\(1\)' or --positive 'y&z'"):
        open_dataset(tmp_path)


def test_two_words_that_settle_nothing_are_asked_for(
    tmp_path: Path, draw: Callable[..., Path]
) -> None:
    for name in ("x", "b"):
        draw(tmp_path / name / "a.png")
    with pytest.raises(UndecidedClassesError, match="--positive b or --positive x"):
        open_dataset(tmp_path)
    assert open_dataset(tmp_path, positive="B").classes == ("x", "b")
    assert open_dataset(tmp_path, model_classes=("x", "b")).classes == ("x", "b")
    assert open_dataset(tmp_path, positive="x").positive_stated


def test_files_that_state_their_scale_are_believed(tmp_path: Path) -> None:
    for name in ("benign", "malignant"):
        (tmp_path / name).mkdir()
        pixels = np.full((8, 8, 3), 200, np.uint8)
        Image.fromarray(pixels).save(
            tmp_path / name / "a.tif", resolution_unit=3, x_resolution=20_000, y_resolution=20_000
        )
    dataset = open_dataset(tmp_path)
    assert dataset.records["um_per_px"].tolist() == [0.5, 0.5]
    manifest = tmp_path / "m.csv"
    rows = "path,label,um_per_px\nbenign/a.tif,0,4\nmalignant/a.tif,1,4\n"
    manifest.write_text(rows)
    with pytest.raises(DatasetError, match=r"states 4 µm/px .* itself states 0\.5 µm/px"):
        open_dataset(manifest)
    manifest.write_text(rows.replace(",4", ",0.49"))
    assert open_dataset(manifest).records["um_per_px"].tolist() == [0.49, 0.49]


def test_names_match_in_either_unicode_form(folder: Path) -> None:
    for path in [*folder.rglob("7_1.png")]:
        path.rename(path.with_name(unicodedata.normalize("NFD", "Präparat.png")))
    rows = [f"{kind}/{name},{name[0]}" for kind in ("tumour", "Normal/deeper") for name in FILES]
    write_patients(folder, *(row.replace("7_1.png", "Präparat.png") for row in rows))
    assert open_dataset(folder).patients_known


def test_a_link_to_itself_is_passed_over(folder: Path) -> None:
    whole = len(open_dataset(folder).records)
    (folder / "tumour" / "loop").symlink_to("loop")
    assert len(open_dataset(folder).records) == whole


@pytest.mark.parametrize(
    "above",
    [
        *(("labeled", "unlabeled"), ("clean", "noisy"), ("norm", "unnorm"), ("slide_0", "slide_1")),
        *(("patient_0", "patient_1"), ("treated", "untreated")),
    ],
)
def test_names_that_tell_no_disease_are_above_the_classes(
    tmp_path: Path, draw: Callable[..., Path], above: tuple[str, str]
) -> None:
    for seed, name in enumerate(above):
        for label in ("benign", "malignant"):
            draw(tmp_path / name / label / f"{seed}.png", seed=seed)
    dataset = open_dataset(tmp_path)
    assert dataset.classes == ("benign", "malignant")
    assert len(dataset.records) == 4


def test_numbered_folders_with_a_class_each_divide(
    tmp_path: Path, draw: Callable[..., Path]
) -> None:
    draw(tmp_path / "patient_0" / "benign" / "a.png")
    draw(tmp_path / "patient_1" / "malignant" / "b.png", seed=1)
    assert open_dataset(tmp_path).classes == ("benign", "malignant")


@pytest.mark.parametrize("names", [("class_0", "class_1"), ("0", "1"), ("label0", "label1")])
def test_numbered_classes_are_classes(
    tmp_path: Path, draw: Callable[..., Path], names: tuple[str, str]
) -> None:
    for seed, name in enumerate(names):
        draw(tmp_path / name / "a" / f"{seed}.png", seed=seed)
        draw(tmp_path / name / "b" / f"{seed}.png", seed=seed + 5)
    assert open_dataset(tmp_path).classes == names


def test_a_file_that_is_linked_into_the_other_class_is_refused(folder: Path) -> None:
    (folder / "Normal" / "twin.png").symlink_to(folder / "tumour" / FILES[0])
    with pytest.raises(DatasetError, match=r"7_1\.png.*twin\.png.*two classes"):
        open_dataset(folder)


def test_a_folder_of_links_to_all_images_changes_nothing(folder: Path) -> None:
    before = open_dataset(folder).records
    (folder / "all").mkdir()
    for path in [*folder.glob("tumour/*.png"), *folder.glob("Normal/deeper/*.png")]:
        (folder / "all" / f"{path.parent.name} {path.name}").symlink_to(path)
    assert open_dataset(folder).records.equals(before)


def test_junk_of_systems_is_no_class(folder: Path, draw: Callable[..., Path]) -> None:
    for name in ("@eaDir", "$RECYCLE.BIN", "lost+found", "__MACOSX", "System Volume Information"):
        draw(folder / name / "a.png")
    assert open_dataset(folder).classes == ("Normal", "tumour")


def test_other_names_of_read_formats_are_images_and_other_pictures_are_told(folder: Path) -> None:
    image = folder / "tumour" / FILES[1]
    for suffix in (".jfif", ".JPE", ".dib", ".svs"):
        image.with_suffix(suffix).write_bytes(image.read_bytes())
    (folder / "tumour" / "scan.dcm").write_bytes(b"DICM")
    dataset = open_dataset(folder)
    assert len(dataset.records) == 10
    assert "“tumour/scan.dcm”" in dataset.notes[-1]


def test_files_whose_pixels_are_not_square_are_told(folder: Path) -> None:
    with Image.open(folder / "tumour" / FILES[0]) as picture:
        picture.save(folder / "tumour" / FILES[0], dpi=(300, 150))
    notes = open_dataset(folder).notes
    assert any("1 file state non-square pixels" in note for note in notes)
    assert any("“tumour/7_1.png”" in note for note in notes)
