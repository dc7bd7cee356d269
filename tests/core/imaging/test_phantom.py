import re
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.imaging.phantom import Phantom, render_phantom
from core.imaging.stain import rgb_to_hed


@cache
def drawn(seed: int) -> Phantom:
    return render_phantom(seed)


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return drawn(0)


def test_the_default_is_a_low_power_field_with_a_known_region(phantom: Phantom) -> None:
    assert phantom.pixels.shape == (600, 900, 3)
    assert phantom.pixels.dtype == np.uint8
    assert phantom.um_per_px == 4.0
    assert phantom.dense.shape == (600, 900)
    assert 0.15 < phantom.dense.mean() < 0.35


def test_the_same_seed_gives_the_same_section_and_another_seed_another(phantom: Phantom) -> None:
    one, again = (render_phantom(3, 100, 150) for _ in range(2))
    assert np.array_equal(again.pixels, one.pixels)
    assert np.array_equal(again.dense, one.dense)
    assert (drawn(1).pixels != phantom.pixels).mean() > 0.5


@pytest.mark.parametrize("seed", range(2))
def test_nuclei_are_packed_inside_the_region_only(seed: int) -> None:
    phantom = drawn(seed)
    haematoxylin = rgb_to_hed(phantom.pixels)[..., 0]
    inside, outside = haematoxylin[phantom.dense], haematoxylin[~phantom.dense]
    assert inside.mean() > 4 * outside.mean()
    assert np.median(inside) > np.percentile(outside, 95)


def test_it_has_glass_collagen_fat_and_glands(phantom: Phantom) -> None:
    lightness = cv2.cvtColor(phantom.pixels, cv2.COLOR_RGB2LAB)[..., 0]
    assert lightness[250:350, -20:].min() > 230  # glass along the right border
    # Clear holes that do not touch the border: vacuoles of fat, and lumina of glands.
    clear = (lightness > 225).astype(np.uint8)
    _, _, sizes, _ = cv2.connectedComponentsWithStats(clear, connectivity=4)
    areas = sizes[1:, cv2.CC_STAT_AREA] * phantom.um_per_px**2
    fat_cells = (areas > 500) & (areas < 6000)
    assert fat_cells.sum() > 200
    assert lightness[phantom.dense].mean() < 160


@pytest.mark.exhaustive
def test_cells_keep_their_size_in_micrometres() -> None:
    """A nucleus is a few pixels at low and many at high power."""
    areas = []
    for um_per_px in (2.0, 1.0):
        phantom = render_phantom(0, 400, 600, um_per_px)
        nuclei = (rgb_to_hed(phantom.pixels)[..., 0] > 0.35) & ~phantom.dense
        _, _, sizes, _ = cv2.connectedComponentsWithStats(nuclei.astype(np.uint8))
        blobs = sizes[1:, cv2.CC_STAT_AREA] * um_per_px**2
        areas.append(np.median(blobs[blobs > 4]))
    assert areas[0] == pytest.approx(areas[1], rel=0.5)
    assert 8 < areas[1] < 80


@pytest.mark.parametrize(
    ("height", "width", "um_per_px"), [(50, 50, 4.0), (64, 333, 8.0), (120, 170, 0.5), (1, 1, 4.0)]
)
def test_any_size_and_scale_is_rendered(height: int, width: int, um_per_px: float) -> None:
    phantom = render_phantom(3, height, width, um_per_px)
    assert phantom.pixels.shape == (height, width, 3)
    assert phantom.dense.shape == (height, width)


def patches(folder: Path, label: int) -> NDArray[np.uint8]:
    files = sorted((folder / str(label)).glob("*.png"))[::3]
    images = [cv2.imread(str(file)) for file in files if re.search(r"class\d", file.name)]
    return np.stack([image[..., ::-1] for image in images if image.shape == (50, 50, 3)])


def test_its_colours_are_those_of_real_slides(phantom: Phantom, shared: Path) -> None:
    tiles = phantom.pixels.reshape(12, 50, 18, 50, 3).swapaxes(1, 2).reshape(-1, 50, 50, 3)
    share = phantom.dense.reshape(12, 50, 18, 50).mean(axis=(1, 3)).ravel()
    for label, ours in ((0, tiles[share < 0.05]), (1, tiles[share > 0.8])):
        means = [patches(shared / "data/idc" / p, label).mean((0, 1, 2)) for p in ("8864", "8867")]
        difference = ours.mean((0, 1, 2)) - np.mean(means, axis=0)
        assert np.abs(difference).max() < 20, (label, difference)


def roughness(images: NDArray[np.uint8]) -> float:
    """Median over images of how much a pixel differs from the mean of its four neighbours."""
    kernel = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
    grey = images.astype(np.float32).mean(axis=3)
    return float(np.median([(one - cv2.filter2D(one, -1, kernel)).std() for one in grey]))


def test_its_pixels_differ_from_their_neighbours_about_as_on_real_slides(
    phantom: Phantom, shared: Path
) -> None:
    tiles = phantom.pixels.reshape(12, 50, 18, 50, 3).swapaxes(1, 2).reshape(-1, 50, 50, 3)
    share = phantom.dense.reshape(12, 50, 18, 50).mean(axis=(1, 3)).ravel()
    tissue = tiles.mean(axis=(1, 2, 3)) < 225
    for label, ours in ((0, tiles[(share < 0.05) & tissue]), (1, tiles[share > 0.8])):
        real = [roughness(patches(shared / "data/idc" / p, label)) for p in ("8864", "8867")]
        assert 0.4 < roughness(ours) / np.mean(real) < 1.2, label
