import base64
import io

import numpy as np
import pytest
from PIL import Image

from core.imaging.overlay import COLOUR_MAPS, colour_heatmap
from core.imaging.preview import colour_scale, preview


def decode(address: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


def test_small_images_are_sent_exactly() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 40, 3), dtype=np.uint8)
    address = preview(pixels)
    assert address.startswith("data:image/png;base64,")
    np.testing.assert_array_equal(np.asarray(decode(address)), pixels)


def test_large_images_shrink_in_proportion_and_keep_their_colours() -> None:
    pixels = np.full((1000, 3200, 3), (180, 100, 170), np.uint8)
    pixels[:, :1600] = (240, 230, 240)
    shown = decode(preview(pixels))
    assert shown.format == "JPEG"
    assert shown.size == (1600, 500)
    colours = np.asarray(shown).astype(int)
    assert np.abs(colours[250, 1200] - (180, 100, 170)).max() <= 3
    assert np.abs(colours[250, 300] - (240, 230, 240)).max() <= 3


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_colour_scale_is_that_of_the_overlay(name: str) -> None:
    scale = colour_scale(name)
    assert (scale[0][0], scale[-1][0]) == (0, 1)
    red, green, blue, _ = colour_heatmap(np.array([[0.5]]), name)[0, 0]
    assert dict(scale)[0.5] == f"rgba({red},{green},{blue},0.500)"
