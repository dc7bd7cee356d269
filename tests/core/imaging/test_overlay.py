import io

import numpy as np
import plotly.colors
import pytest
from PIL import Image as PillowImage

from core.errors import ImageError
from core.imaging.overlay import COLOUR_MAPS, colour_heatmap, encode_png, outline, overlay


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_colours_are_those_of_the_map_of_that_name(name: str) -> None:
    scale = plotly.colors.get_colorscale(name)
    places = [place for place, _ in scale]
    theirs = [_rgb(colour) for _, colour in scale]
    ours = colour_heatmap(np.array([places]), name)[0, :, :3].astype(int)
    assert np.abs(ours - theirs).max() <= 6


def _rgb(colour: str) -> tuple[int, ...]:
    if colour.startswith("#"):
        return plotly.colors.hex_to_rgb(colour)
    return plotly.colors.unlabel_rgb(colour)


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_lightness_grows_with_the_value(name: str) -> None:
    colours = colour_heatmap(np.linspace(0, 1, 12)[None], name)[0, :, :3]
    assert np.all(np.diff(colours @ [0.2126, 0.7152, 0.0722]) > 0)


def test_values_outside_the_range_are_clipped_and_nan_is_transparent() -> None:
    rgba = colour_heatmap(np.array([[-1.0, 0.0, 1.0, 2.0, np.nan]]))[0]
    assert np.array_equal(rgba[0], rgba[1])
    assert np.array_equal(rgba[2], rgba[3])
    assert rgba[:, 3].tolist() == [255, 255, 255, 255, 0]


def test_a_map_covers_the_image_as_far_as_its_values_go() -> None:
    rng = np.random.default_rng(0)
    pixels, heatmap = rng.integers(0, 256, (8, 9, 3), np.uint8), rng.random((8, 9))
    assert np.array_equal(overlay(pixels, heatmap, opacity=0), pixels)
    assert np.array_equal(overlay(pixels, np.zeros((8, 9)), opacity=1), pixels), "nothing found"
    ones = np.ones((8, 9))
    assert np.array_equal(overlay(pixels, ones, opacity=1), colour_heatmap(ones)[..., :3])
    share = 0.5 * heatmap[..., np.newaxis]
    mixed = (1 - share) * pixels + share * colour_heatmap(heatmap)[..., :3]
    assert np.abs(overlay(pixels, heatmap, opacity=0.5) - mixed).max() <= 1


def test_a_small_map_with_nan_is_resized_and_leaves_those_pixels() -> None:
    pixels = np.full((40, 40, 3), 200, np.uint8)
    heatmap = np.array([[0.2, 0.2], [np.nan, 0.2]])
    blend = overlay(pixels, heatmap)
    assert np.all(blend[30:, :10] == 200)
    expected = overlay(pixels, np.full((40, 40), 0.2))[0, 0]
    changed = blend != pixels
    assert np.all(blend[changed.any(axis=-1)] == expected)
    assert changed[:20].any(axis=-1).all()


def test_a_map_without_values_leaves_the_image() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (10, 12, 3), np.uint8)
    assert np.array_equal(overlay(pixels, np.full((3, 3), np.nan)), pixels)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 7, 4)])
def test_png_is_read_back_by_pillow_unchanged(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, shape, np.uint8)
    assert np.array_equal(np.asarray(PillowImage.open(io.BytesIO(encode_png(pixels)))), pixels)


def test_wrong_choices_are_named() -> None:
    pixels, heatmap = np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4))
    with pytest.raises(ImageError, match="viridis"):
        overlay(pixels, heatmap, colour_map="jet")
    with pytest.raises(ImageError, match="between 0 and 1"):
        overlay(pixels, heatmap, opacity=1.5)
    with pytest.raises(ImageError, match="without pixels"):
        encode_png(np.zeros((0, 4, 3), np.uint8))


def test_an_outline_goes_around_what_reaches_the_level() -> None:
    pixels = np.full((100, 100, 3), 128, np.uint8)
    heat = np.full((100, 100), 0.3, np.float32)
    heat[40:60, 40:60] = 0.5
    heat[:5, :5] = np.nan
    drawn = outline(pixels, heat, 0.5)
    assert drawn[40, 50].tolist() == drawn[59, 50].tolist() == [255, 255, 255]
    assert drawn[39, 50].tolist() == drawn[41, 50].tolist() == [0, 0, 0]
    changed = (drawn != pixels).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (38, 61, 38, 61)
    assert not changed[45:55, 45:55].any()
    assert np.array_equal(outline(pixels, heat, 0.51), pixels)
    assert pixels.min() == pixels.max() == 128
