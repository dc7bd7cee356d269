"""What is pretrained on: any images, data sets whose labels nobody looks at, tiles of slides."""

from pathlib import Path

import numpy as np
import pytest

from core.datasets.open import open_dataset
from core.errors import DatasetError, RecipeError, SlideError
from core.training.pretraining.recipe import load_pretraining
from core.training.pretraining.slide_tiles import slide_squares
from core.training.pretraining.squares import squares_of, unlabelled
from core.training.watch import Watch
from tests import made_slides
from tests.core.training.pretraining import small


def test_any_pictures_will_do_and_nobody_knows_whose_they_are(tmp_path: Path) -> None:
    dataset = unlabelled(small.pictures(tmp_path / "any"))
    squares = squares_of(dataset, 32, lambda _: None)
    assert sorted(map(bytes, squares.pixels)) == sorted(map(bytes, small.PIXELS))
    assert squares.patients is None
    assert squares.um_per_px is None


def test_a_dataset_brings_its_patients_and_its_scale(tiny_idc: Path) -> None:
    squares = squares_of(unlabelled(tiny_idc), 25, lambda _: None)
    assert squares.patients == tuple("12345678")
    assert squares.um_per_px == pytest.approx(8.0, rel=0.1)
    assert squares.fingerprint == open_dataset(tiny_idc).fingerprint


def test_classes_that_nobody_can_order_do_not_matter(tmp_path: Path) -> None:
    for name in ("first", "second"):
        small.pictures(tmp_path / "any" / name)
    assert len(unlabelled(tmp_path / "any").records) == 24


def test_a_known_layout_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    folder = small.pictures(tmp_path / "idc")
    first = min(folder.iterdir())
    (folder / "1").mkdir()
    first.rename(folder / "1" / "8863_idx5_x1_y1_class0.png")
    # Among more others it is only an image.
    assert len(unlabelled(folder).records) == 12
    for number, path in enumerate(sorted(folder.glob("*.png"))):
        path.rename(folder / f"8864_idx5_x1_y{number}_class0.png")
    with pytest.raises(DatasetError, match="lies in folder 1 but its name says class 0"):
        unlabelled(folder)


def test_a_table_of_patients_is_read_in_any_folder(tmp_path: Path) -> None:
    folder = small.pictures(tmp_path / "any")
    rows = [f"{path.name},p{number // 2}" for number, path in enumerate(sorted(folder.iterdir()))]
    (folder / "patients.csv").write_text("\n".join(["path,patient", *rows]))
    dataset = unlabelled(folder)
    assert dataset.patients_known
    assert sorted(set(dataset.records["patient"])) == [f"p{number}" for number in range(6)]
    (folder / "patients.csv").write_text("\n".join(["path,patient", *rows[1:]]))
    with pytest.raises(DatasetError, match="gives no patient for 1 of 12 images"):
        unlabelled(folder)


def test_no_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="There is no image in"):
        unlabelled(tmp_path)
    with pytest.raises(DatasetError, match="There is no folder or manifest"):
        unlabelled(tmp_path / "none")


def test_tiles_of_a_slide_lie_on_tissue_and_show_it_at_the_scale(tmp_path: Path) -> None:
    pixels = np.full((256, 384, 3), 245, np.uint8)
    pixels[:, :128] = made_slides.section(128, 256)
    slide = made_slides.write_tiff(
        tmp_path / "slide.svs", made_slides.pyramid(pixels, 2), kind="svs", um_per_px=0.5
    )
    squares = slide_squares(slide, 32, 1.0, Watch())
    assert squares.pixels.shape == (8, 32, 32, 3)
    assert squares.patients is None
    assert squares.um_per_px == 1.0
    shown = pixels[:64, :64].reshape(32, 2, 32, 2, 3).mean(axis=(1, 3))
    assert min(np.abs(tile - shown).mean() for tile in squares.pixels) < 3
    again = slide_squares(tmp_path, 32, 1.0, Watch())
    np.testing.assert_array_equal(again.pixels, squares.pixels)


def test_a_slide_without_a_scale_is_refused(tmp_path: Path) -> None:
    slide = made_slides.write_tiff(tmp_path / "slide.tiff", [made_slides.section(128, 128)])
    with pytest.raises(SlideError, match="no tile of a stated scale can be cut"):
        slide_squares(slide, 32, 1.0, Watch())


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("other", [], "There is no recipe 'other'"),
        ("selfsupervised", ["epochs=-1"], "epochs"),
        ("selfsupervised", ["epochs=1"], "must be fewer than the epochs"),
        ("selfsupervised", ["augmentation={}"], "teach nothing"),
        ("selfsupervised", ["unknown=1"], "unknown"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    name: str, change: list[str], words: str
) -> None:
    with pytest.raises(RecipeError, match=words):
        load_pretraining(name, change)
