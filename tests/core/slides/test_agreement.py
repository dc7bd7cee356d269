"""Of a pyramid whose levels disagree, those are read that show what the finest does."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.slides.slide import open_slide
from tests.core.slides.test_damaged import spoil
from tests.made_slides import Pixels, pyramid, section, write_dicom, write_tiff

WIDTH, HEIGHT = 600, 500
KINDS = pytest.mark.parametrize("kind", ["svs", "plain", "ome"])


@pytest.fixture(scope="module")
def whole() -> Pixels:
    return section(WIDTH, HEIGHT, seed=1)


def write(folder: Path, kind: str, levels: list[Pixels]) -> Path:
    name = {"svs": "a.svs", "plain": "a.tif", "ome": "a.ome.tif"}[kind]
    return write_tiff(folder / name, levels, kind=kind, um_per_px=0.5)


def shown(path: Path) -> Pixels:
    with open_slide(path) as slide:
        return slide.thumbnail(300)


@KINDS
@pytest.mark.parametrize(
    "coarse",
    [section(300, 250, seed=7), section(300, 100, seed=3), np.full((250, 300, 3), 0, np.uint8)],
    ids=["another slide", "another shape", "black"],
)
def test_another_picture_is_not_taken_for_the_slide(
    tmp_path: Path, whole: Pixels, kind: str, coarse: Pixels
) -> None:
    path = write(tmp_path, kind, [whole, coarse])
    with open_slide(path) as slide:
        assert slide.info.downsamples == (1,)
        assert "are not used: 1 of 1." in slide.info.notes[0]
    halved = cv2.resize(whole, (300, 250), interpolation=cv2.INTER_AREA)
    assert np.abs(shown(path).astype(int) - halved).max() <= 1


@KINDS
def test_one_level_that_disagrees_leaves_the_others(
    tmp_path: Path, whole: Pixels, kind: str
) -> None:
    levels = pyramid(whole, 4)
    levels[1] = section(300, 250, seed=7)
    with open_slide(write(tmp_path, kind, levels)) as slide:
        assert slide.info.downsamples == (1, 4, 8)
        assert "are not used: 1 of 3." in slide.info.notes[0]


@KINDS
@pytest.mark.parametrize("brighter", [0, 6])
def test_levels_that_agree_are_all_read(
    tmp_path: Path, whole: Pixels, kind: str, brighter: int
) -> None:
    """Also those that a scanner made a little brighter, and where a tile is damaged."""
    fine, *coarse = pyramid(whole, 4)
    coarse = [cv2.add(level, np.full_like(level, brighter)) for level in coarse]
    path = write(tmp_path, kind, [fine, *coarse])
    spoil(path, 0, 0)
    spoil(path, 1, 3)
    with open_slide(path) as slide:
        assert slide.info.downsamples == (1, 2, 4, 8)
        assert slide.info.notes == ()


def test_glass_agrees(tmp_path: Path) -> None:
    glass = np.full((HEIGHT, WIDTH, 3), 240, np.uint8)
    with open_slide(write(tmp_path, "svs", pyramid(glass, 3))) as slide:
        assert slide.info.downsamples == (1, 2, 4)


def test_levels_of_a_dicom_slide(tmp_path: Path, whole: Pixels) -> None:
    levels = pyramid(whole, 3)
    levels[1] = section(300, 250, seed=7)
    write_dicom(tmp_path, levels)
    with open_slide(tmp_path) as slide:
        assert slide.info.downsamples == (1, 4)


def test_an_ome_tiff_with_its_levels_the_wrong_way_round(tmp_path: Path, whole: Pixels) -> None:
    path = write(tmp_path, "ome", pyramid(whole, 3)[::-1])
    with open_slide(path) as slide:
        assert (slide.info.width, slide.info.downsamples) == (WIDTH, (1, 2, 4))
        assert np.array_equal(slide.read(0, 0, 50, 50, (50, 50)), whole[:50, :50])
