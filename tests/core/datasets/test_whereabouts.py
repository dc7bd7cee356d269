"""Images that a table names are found where they are those images, and nowhere else."""

from collections.abc import Callable
from pathlib import Path

from core.datasets.open import open_dataset
from core.datasets.whereabouts import images_in

Draw = Callable[..., Path]


def two_classes(folder: Path, draw: Draw, *, seed: int = 0) -> Path:
    for number, name in enumerate(("benign", "malignant")):
        draw(folder / name / "1.png", seed=seed + number)
    return folder


def test_official_names_are_found_in_whatever_folders(tmp_path: Path, draw: Draw) -> None:
    name = "10253_idx5_x1001_y751_class0.png"
    draw(tmp_path / "all" / "here" / name, 50, 50)
    draw(tmp_path / "all" / "here" / name.replace("class0", "class1"), 50, 50, seed=1)
    dataset = open_dataset(tmp_path)
    wanted = f"10253/0/{name}", "10253/0/10253_idx5_x1_y1_class0.png"
    found = images_in(dataset, wanted, "")
    assert list(found) == [wanted[0]]
    assert found[wanted[0]].file == tmp_path / "all" / "here" / name
    assert found[wanted[0]].um_per_px == 4.0


def test_a_plain_name_is_found_in_its_own_dataset_only(tmp_path: Path, draw: Draw) -> None:
    mine = open_dataset(two_classes(tmp_path / "mine", draw))
    other = open_dataset(two_classes(tmp_path / "other", draw, seed=10))
    wanted = ("benign/1.png",)
    found = images_in(mine, wanted, mine.fingerprint)
    assert found["benign/1.png"].file == tmp_path / "mine" / "benign" / "1.png"
    assert found["benign/1.png"].um_per_px is None
    # The same path, and another image.
    assert images_in(other, wanted, mine.fingerprint) == {}
    assert images_in(mine, wanted, "") == {}
    assert images_in(mine, ("benign/2.png", *wanted), mine.fingerprint) == {}


def test_somebodys_word_stands_for_the_fingerprint(tmp_path: Path, draw: Draw) -> None:
    dataset = open_dataset(two_classes(tmp_path, draw))
    wanted = ("benign/1.png", "benign/2.png", "../benign/1.png", "/etc/passwd")
    assert list(images_in(dataset, wanted, None)) == ["benign/1.png"]
