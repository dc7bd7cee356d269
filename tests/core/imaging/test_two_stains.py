"""Optical densities of two stains lie in a plane, those of noise do not."""

import numpy as np
import pytest

from core.imaging.phantom import render_phantom
from core.imaging.stain import RGB_FROM_HED
from core.imaging.two_stains import MOST, not_two_stains, third_direction


def stained(amounts: np.ndarray) -> np.ndarray:
    """An image of (H, W, 3) amounts of haematoxylin, eosin and DAB, by Beer and Lambert."""
    return np.clip(256 * np.exp(-amounts @ RGB_FROM_HED) - 1, 0, 255).round().astype(np.uint8)


def fields(*stains: int) -> np.ndarray:
    """(160, 160, 3) amounts, of these stains only, each smooth by itself."""
    random = np.random.default_rng(0)
    amounts = np.zeros((160, 160, 3))
    for stain in stains:
        amounts[..., stain] = random.uniform(0.2, 1.0, (20, 20)).repeat(8, 0).repeat(8, 1)
    return amounts


def test_two_stains_lie_in_a_plane_and_three_do_not() -> None:
    two = third_direction(stained(fields(0, 1)))
    assert two == pytest.approx(0, abs=0.005)
    assert third_direction(stained(fields(0, 1, 2))) > 5 * two
    assert third_direction(render_phantom(1, 200, 300).pixels) < 0.01


@pytest.mark.parametrize("grain", [1, 4, 8])
def test_noise_in_the_colours_of_the_stains_lies_in_none(grain: int) -> None:
    random = np.random.default_rng(grain)
    noise = random.integers(-40, 40, (240 // grain, 240 // grain, 3)).repeat(grain, 0)
    pixels = (np.array([190, 120, 175]) + noise.repeat(grain, 1)).clip(0, 255).astype(np.uint8)
    share = third_direction(pixels)
    assert MOST < share <= 1 / 3
    assert f"{100 * share:.0f} %" in not_two_stains(share)


def test_a_cameras_noise_does_not_matter() -> None:
    noise = np.random.default_rng(0).normal(0, 10, (200, 300, 3))
    noisy = (render_phantom(1, 200, 300).pixels + noise).clip(0, 255).astype(np.uint8)
    assert third_direction(noisy) < MOST


def test_ink_on_the_slide_does_not_matter() -> None:
    pixels = render_phantom(1, 400, 400).pixels.copy()
    pixels[:90, :90] = np.random.default_rng(0).integers(0, 256, (90, 90, 3))
    assert third_direction(pixels) < 0.02


def test_glass_and_the_smallest_images_have_none() -> None:
    assert third_direction(np.full((80, 80, 3), 250, np.uint8)) is None
    assert third_direction(np.zeros((1, 1, 3), np.uint8)) is None
