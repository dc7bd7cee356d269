from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.imaging.phantom import render_phantom
from core.imaging.tissue import tissue_mask


def noisy(level: tuple[int, int, int], seed: int = 0) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(0, 3, (120, 160, 3))
    return np.clip(level + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("glass", [(255, 255, 255), (242, 241, 243), (236, 236, 232)])
def test_glass_alone_has_no_tissue(glass: tuple[int, int, int]) -> None:
    assert tissue_mask(noisy(glass)).mean() < 0.001


@pytest.mark.parametrize("stain", [(219, 163, 188), (160, 114, 151), (90, 60, 120)])
def test_tissue_alone_is_all_tissue(stain: tuple[int, int, int]) -> None:
    assert tissue_mask(noisy(stain)).mean() > 0.999


def test_dark_and_pale_tissue_are_both_tissue() -> None:
    halves = noisy((90, 60, 120))
    halves[:, :80] = noisy((222, 170, 195))[:, :80]
    assert tissue_mask(halves).mean() > 0.99


def test_tissue_on_glass_is_found_where_it_is() -> None:
    pixels = noisy((242, 242, 242))
    truth = np.zeros(pixels.shape[:2], bool)
    truth[30:90, 40:120] = True
    pixels[truth] = noisy((215, 160, 190))[truth]
    assert (tissue_mask(pixels) == truth).mean() > 0.99


def test_black_borders_are_not_tissue() -> None:
    pixels = noisy((215, 160, 190))
    pixels[:, :40] = 0
    mask = tissue_mask(pixels)
    assert not mask[:, :38].any()
    assert mask[:, 42:].all()


def test_phantom_glass_and_vacuoles_are_background_and_the_rest_is_tissue() -> None:
    phantom = render_phantom()
    mask = tissue_mask(phantom.pixels)
    lightness = cv2.cvtColor(phantom.pixels, cv2.COLOR_RGB2LAB)[..., 0]
    assert not mask[:, -20:].any()
    assert mask[phantom.dense].mean() > 0.95
    assert mask[lightness < 190].mean() > 0.98
    assert mask[lightness > 232].mean() < 0.05


def test_real_patches_of_tumour_are_mostly_tissue_and_fat_is_not(shared: Path) -> None:
    shares, lights, tumour = [], [], []
    for path in sorted((shared / "data/idc").glob("88*/?/*.png"))[::7]:
        pixels = cv2.imread(str(path))[..., ::-1]
        shares.append(tissue_mask(pixels).mean())
        lights.append((pixels.min(axis=-1) > 215).mean())
        tumour.append(path.parent.name == "1")
    shares, lights, tumour = np.array(shares), np.array(lights), np.array(tumour)
    assert shares[tumour & (lights < 0.02)].min() > 0.9
    assert shares[lights > 0.8].max() < 0.3
    assert np.corrcoef(shares, lights)[0, 1] < -0.9


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 200, 3), (50, 50, 3)])
def test_any_size_is_answered(shape: tuple[int, ...]) -> None:
    mask = tissue_mask(np.full(shape, 150, np.uint8))
    assert mask.shape == shape[:2]
    assert mask.dtype == bool
    assert mask.all()
