import numpy as np
import pytest
from numpy.typing import NDArray

from core.imaging.stain import HED_FROM_RGB, RGB_FROM_HED, optical_density, rgb_to_hed


def hed_to_rgb(hed: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Render amounts of stain as RGB pixels; the inverse of `rgb_to_hed`.

    Parameters
    ----------
    hed
        (..., 3) amounts of haematoxylin, eosin and DAB, optical density (natural logarithm).

    Returns
    -------
    NDArray[np.uint8]
        (..., 3) RGB; densities below 0 and above ln 256 saturate.
    """
    density = np.asarray(hed, dtype=np.float32) @ RGB_FROM_HED.astype(np.float32)
    levels = np.exp(-density) * 256 - 1
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def all_levels() -> NDArray[np.uint8]:
    levels = np.arange(0, 256, 5, dtype=np.uint8)
    return np.stack(np.meshgrid(levels, levels, levels), axis=-1)


def test_stains_and_back_gives_every_colour_again() -> None:
    colours = all_levels()
    assert np.abs(hed_to_rgb(rgb_to_hed(colours)).astype(int) - colours).max() <= 1


def test_the_matrices_are_inverse() -> None:
    assert np.allclose(RGB_FROM_HED @ HED_FROM_RGB, np.eye(3))


def test_glass_has_no_stain() -> None:
    assert np.all(rgb_to_hed(np.full((2, 2, 3), 255, np.uint8)) == 0)


@pytest.mark.parametrize("stain", [0, 1, 2])
def test_one_stain_is_found_as_that_stain_alone(stain: int) -> None:
    amounts = np.zeros(3)
    amounts[stain] = 0.8
    found = rgb_to_hed(hed_to_rgb(amounts))
    assert np.allclose(found, amounts, atol=0.03)


def test_twice_the_stain_is_twice_the_density() -> None:
    once = optical_density(hed_to_rgb(np.array([0.5, 0.2, 0])))
    twice = optical_density(hed_to_rgb(np.array([1.0, 0.4, 0])))
    assert np.allclose(twice, 2 * once, atol=0.03)


def test_density_is_minus_the_logarithm_of_transmission() -> None:
    assert np.allclose(optical_density(np.array([127], np.uint8)), np.log(2))


def test_haematoxylin_is_blue_and_eosin_pink() -> None:
    haematoxylin, eosin = hed_to_rgb(np.array([[1, 0, 0], [0, 1, 0]])).astype(int)
    assert haematoxylin[2] > haematoxylin[0]
    assert eosin[0] > eosin[2] > eosin[1]
    assert eosin[0] > 220
