"""Maps lie over a slide where they belong, and show as much as they are sure of."""

import io

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError, SlideError
from core.imaging.overlay import colour_heatmap
from core.slides.frame import FINEST
from core.slides.map_layers import MapLayer, laid, lay
from core.slides.outlines import outlines
from core.slides.probability_tiles import probability_tile

VALUES = np.array([[0.2, 1.0], [np.nan, 0.6]], np.float32)
LAYER = MapLayer(VALUES, x=100.0, y=40.0, cell=64.0)
HALF = 2 ** (FINEST - 1)


def test_a_tile_shows_each_cell_where_it_lies() -> None:
    png = probability_tile(LAYER, FINEST, HALF, HALF, "viridis")
    shown = np.asarray(Image.open(io.BytesIO(png)))
    assert shown.shape == (256, 256, 4)
    alpha = shown[..., 3]
    assert not alpha[:40].any()
    assert not alpha[:, :100].any()
    assert not alpha[168:].any()
    assert not alpha[:, 228:].any()
    assert (alpha[40:104, 100:164] == 51).all()
    assert (alpha[40:104, 164:228] == 255).all()
    assert (alpha[104:168, 100:164] == 0).all()
    assert (alpha[104:168, 164:228] == 153).all()
    expected = colour_heatmap(np.array([[0.6]]))[0, 0, :3]
    assert (shown[130, 200, :3] == expected).all()


def test_a_coarser_tile_shows_the_same_smaller() -> None:
    png = probability_tile(LAYER, FINEST - 2, HALF // 4, HALF // 4, "magma")
    alpha = np.asarray(Image.open(io.BytesIO(png)))[..., 3]
    assert (alpha[10:26, 41:57] == 255).all()
    assert alpha[:, 57:].max() == 0


def test_colours_that_are_none_are_refused() -> None:
    with pytest.raises(ImageError, match="no colour map 'rainbow'"):
        probability_tile(LAYER, FINEST, HALF, HALF, "rainbow")


def test_a_layer_is_found_by_its_content() -> None:
    name = lay(LAYER)
    assert lay(MapLayer(VALUES.copy(), 100.0, 40.0, 64.0)) == name
    assert lay(MapLayer(VALUES, 100.0, 40.0, 65.0)) != name
    assert laid(name).cell == 64.0
    with pytest.raises(SlideError, match="There is no map 'gone' any more"):
        laid("gone")


def test_a_line_goes_round_what_reaches_the_threshold() -> None:
    lines = outlines(MapLayer(np.pad(VALUES, 1, constant_values=np.nan), 36.0, -24.0, 64.0), 0.6)
    (line,) = lines  # the right column, its cells one below the other
    x, y = np.array(line).T
    assert (x.min(), x.max()) == pytest.approx((164, 228), abs=8)
    assert (y.min(), y.max()) == pytest.approx((40, 168), abs=8)
    assert outlines(LAYER, 1.01) == []
