import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage

from core.errors import ImageError
from core.imaging.resize import resize


def test_halving_is_the_mean_of_each_two_by_two_block() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    blocks = pixels.reshape(20, 2, 30, 2, 3).mean(axis=(1, 3))
    assert np.abs(resize(pixels, 20, 30) - blocks).max() <= 1


@pytest.mark.parametrize("factor", [3, 5])
def test_shrinking_is_the_mean_of_all_the_pixels_under_one(factor: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (8 * factor, 9 * factor, 3), np.uint8)
    blocks = pixels.reshape(8, factor, 9, factor, 3).mean(axis=(1, 3))
    assert np.abs(resize(pixels, 8, 9) - blocks).max() <= 1


def test_growing_agrees_with_pillow_inside_a_smooth_image() -> None:
    y, x = np.mgrid[:30, :40]
    pixels = np.stack([y * 6, x * 5, y + x], axis=-1).astype(np.uint8)
    theirs = PillowImage.fromarray(pixels).resize((160, 120), PillowImage.Resampling.BICUBIC)
    difference = resize(pixels, 120, 160).astype(int) - np.asarray(theirs)
    assert np.abs(difference[12:-12, 12:-12]).max() <= 2


def test_growing_saturates_at_a_hard_edge() -> None:
    pixels = np.zeros((20, 20, 3), np.uint8)
    pixels[:, 10:] = 255
    large = resize(pixels, 80, 80)
    assert large[:, :30].max() < 20
    assert large[:, 50:].min() > 235


def test_an_axis_that_shrinks_is_averaged_even_if_the_other_grows() -> None:
    stripes = np.zeros((10, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.ptp(resize(stripes, 20, 16)) <= 1


@given(
    sizes=st.tuples(*[st.integers(1, 40)] * 4),
    channels=st.sampled_from([(), (1,), (3,)]),
    level=st.integers(0, 255),
)
def test_a_uniform_image_stays_uniform_at_any_size(
    sizes: tuple[int, ...], channels: tuple[int, ...], level: int
) -> None:
    old_height, old_width, height, width = sizes
    pixels = np.full((old_height, old_width, *channels), level, np.uint8)
    resized = resize(pixels, height, width)
    assert resized.dtype == np.uint8
    assert resized.shape == (height, width, *channels)
    assert np.all(resized == level)


def test_a_size_without_pixels_is_refused() -> None:
    with pytest.raises(ImageError, match="0×5"):
        resize(np.zeros((4, 4, 3), np.uint8), 5, 0)
