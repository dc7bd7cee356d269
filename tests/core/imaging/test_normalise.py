"""Stain normalisation against torchstain (Macenko) and the paper's steps by hand (Reinhard)."""

import math

import numpy as np
import pytest
from torchstain.numpy.normalizers import NumpyMacenkoNormalizer

from core.imaging.normalise import normalise_stain

METHODS = ("macenko", "reinhard")


STAINS = np.array([[0.65, 0.70, 0.29], [0.25, 0.80, 0.55]])


def section(seed: int, haematoxylin: float, eosin: float, *, glass: int = 10) -> np.ndarray:
    """Tissue of nuclei and stroma, in grains, with a strip of glass, (60, 80, 3)."""
    random = np.random.default_rng(seed)
    grains = random.random((12, 16)).repeat(5, 0).repeat(5, 1)[..., np.newaxis]
    amounts = np.where(grains > 0.6, (1.2, 0.3), (0.15, 1.2)) * (haematoxylin, eosin)
    density = amounts * random.uniform(0.6, 1.2, amounts.shape) @ STAINS
    pixels = np.clip(np.rint(256 * np.exp(-density) - 1), 0, 255).astype(np.uint8)
    pixels[:, :glass] = 250
    return pixels


@pytest.mark.parametrize(("haematoxylin", "eosin"), [(0.8, 0.9), (1.5, 0.8), (0.9, 1.5)])
def test_macenko_is_that_of_an_independent_implementation(
    haematoxylin: float, eosin: float
) -> None:
    pixels = section(1, haematoxylin, eosin)
    expected, _, _ = NumpyMacenkoNormalizer().normalize(pixels, Io=256, stains=False)
    found = normalise_stain(pixels, "macenko").astype(int)
    # That one counts levels from 0 and cuts decimals off; this one from 1 and rounds.
    assert np.abs(found - expected).max() <= 2
    assert np.abs(found - pixels).max() > 15


def test_reinhard_follows_the_paper_pixel_by_pixel() -> None:
    pixels = section(2, 0.9, 0.9)
    found = normalise_stain(pixels, "reinhard")

    def opponent(pixel: np.ndarray) -> tuple[float, float, float]:
        r, g, b = ((int(level) + 1) / 256 for level in pixel)
        long = math.log(0.3811 * r + 0.5783 * g + 0.0402 * b)
        medium = math.log(0.1967 * r + 0.7244 * g + 0.0782 * b)
        short = math.log(0.0241 * r + 0.1288 * g + 0.8444 * b)
        return (
            (long + medium + short) / math.sqrt(3),
            (long + medium - 2 * short) / math.sqrt(6),
            (long - medium) / math.sqrt(2),
        )

    stained = (pixels.reshape(-1, 3) < 220).all(axis=1)
    before = np.array([opponent(pixel) for pixel in pixels.reshape(-1, 3)[stained]])
    after = np.array([opponent(pixel) for pixel in found.reshape(-1, 3)[stained]])
    # What the paper asks for: the mean and standard deviation of the reference, channel by channel.
    inside = ((found > 0) & (found < 255)).all(axis=2).reshape(-1)[stained]
    assert inside.mean() > 0.95
    wanted = (before - before.mean(axis=0)) / before.std(axis=0)
    wanted = wanted * (0.3575, 0.0694, 0.0190) + (-1.04, -0.1034, 0.0442)
    assert np.abs(after - wanted)[inside].max() < 0.03
    np.testing.assert_array_equal(found[:, :10], pixels[:, :10])


@pytest.mark.parametrize("method", METHODS)
def test_two_stainings_of_one_section_come_closer(method: str) -> None:
    pale, strong = section(3, 0.8, 0.9), section(3, 1.4, 1.1)
    one, two = (normalise_stain(pixels, method).astype(float) for pixels in (pale, strong))
    before = np.abs(pale.astype(float) - strong).mean()
    assert np.abs(one - two).mean() < 0.7 * before


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "pixels",
    [
        np.full((50, 50, 3), 255, np.uint8),
        np.zeros((50, 50, 3), np.uint8),
        np.full((50, 50, 3), (180, 90, 150), np.uint8),
        np.random.default_rng(0).integers(235, 256, (50, 50, 3)).astype(np.uint8),
        np.pad(section(0, 1, 1, glass=0)[:5, :5], ((0, 45), (0, 45), (0, 0)), constant_values=255),
        section(0, 1, 1)[:1, :1],
    ],
    ids=["white", "black", "one colour", "glass", "a speck", "one pixel"],
)
def test_nothing_to_go_by_changes_nothing(pixels: np.ndarray, method: str) -> None:
    np.testing.assert_array_equal(normalise_stain(pixels, method), pixels)


def test_none_is_the_image() -> None:
    pixels = section(0, 1, 1)
    assert normalise_stain(pixels, "none") is pixels
