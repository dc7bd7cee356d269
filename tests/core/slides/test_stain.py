"""Slides that are no H&E are told in words; those that are raise no doubt."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from tifffile import TiffFile

from core.imaging.stain import RGB_FROM_HED
from core.slides import stain
from core.slides.slide import open_slide
from core.slides.stain import why_not_stained
from tests.made_slides import Pixels, write_tiff

GENERATOR = np.random.default_rng(3)


def stained(haematoxylin: float, eosin: float, dab: float) -> Pixels:
    """A round section with smooth amounts of stains on white glass, (240, 300, 3)."""
    amounts = np.zeros((240, 300, 3))
    for index, mean in enumerate((haematoxylin, eosin, dab)):
        noise = cv2.GaussianBlur(GENERATOR.normal(0, 1, (240, 300)), (0, 0), 3)
        amounts[..., index] = np.clip(mean * (1 + noise / noise.std() / 2), 0, None)
    y, x = np.mgrid[-1:1:240j, -1:1:300j]
    amounts[y**2 + x**2 > 0.8] = 0
    return np.clip(250 * np.exp(-amounts @ RGB_FROM_HED), 0, 255).astype(np.uint8)


@pytest.fixture(autouse=True)
def small_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stain, "_PATCH", 40)


def words(tmp_path: Path, pixels: Pixels) -> str | None:
    with open_slide(write_tiff(tmp_path / "a.tif", [pixels])) as slide:
        return why_not_stained(slide)


def test_h_and_e_raises_no_doubt(tmp_path: Path) -> None:
    assert words(tmp_path, stained(0.4, 0.5, 0)) is None
    assert words(tmp_path, np.full((90, 90, 3), 244, np.uint8)) is None  # glass


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (255 - stained(0.4, 0.5, 0), "fluorescence"),
        (np.repeat(stained(0.5, 0.5, 0)[..., 1:2], 3, axis=-1), "grey"),
        (stained(0.3, 0, 0.7), "brown, as in immunohistochemistry"),
        (stained(0.9, 0, 0), "no eosin"),
        (GENERATOR.integers(0, 255, (240, 300, 3), np.uint8), "those of two stains"),
    ],
    ids=["fluorescence", "grey", "brown", "blue", "noise"],
)
def test_what_is_no_h_and_e_is_told(tmp_path: Path, pixels: Pixels, said: str) -> None:
    assert said in (words(tmp_path, pixels) or "")


def test_a_slide_without_small_levels_is_looked_at_here_and_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stain, "_LARGEST", 100)
    assert "brown" in (words(tmp_path, stained(0.3, 0, 0.7)) or "")


def test_a_damaged_part_stops_nothing(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", [stained(0.3, 0, 0.7)], compression="deflate")
    with TiffFile(path) as file:
        page = file.pages.first
        offset, count = page.dataoffsets[0], page.databytecounts[0]
    with path.open("r+b") as spoilt:
        spoilt.seek(offset)
        spoilt.write(b"\xa5" * count)
    with open_slide(path) as slide:
        assert "brown" in (why_not_stained(slide) or "")


def test_a_real_slide(shared: Path) -> None:
    with open_slide(shared / "data" / "slides" / "tcga-cr-7395-01a-01-ts1.svs") as slide:
        assert why_not_stained(slide) is None
