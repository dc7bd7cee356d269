"""Maps lie over a slide where they belong, and show as much as they are sure of."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from core.errors import ImageError, SlideError
from core.imaging.overlay import colour_heatmap
from core.slides.frame import FINEST
from core.slides.map_layers import MapLayer, laid, lay
from core.slides.outlines import outlines
from core.slides.probability_tiles import probability_tile

VALUES = np.array([[0.2, 1.0], [np.nan, 0.6]], np.float32)


def layer(values: np.ndarray, x: float, y: float, cell: float) -> MapLayer:
    """Of equal cells."""
    rows, columns = values.shape
    return MapLayer(values, y + cell * np.arange(rows + 1), x + cell * np.arange(columns + 1))


LAYER = layer(VALUES, x=100.0, y=40.0, cell=64.0)
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


def test_a_layer_is_found_and_takes_the_place_of_what_was_there() -> None:
    name = lay(LAYER, "this")
    assert lay(layer(VALUES.copy(), 100.0, 40.0, 64.0), "this") == name
    assert laid(name) is not LAYER
    assert laid(name).columns[1] == 164
    grown = lay(layer(VALUES, 100.0, 40.0, 65.0), "this")
    assert grown != name
    assert laid(grown).columns[1] == laid(name).columns[1] == 165
    assert laid(lay(LAYER, "that")).columns[1] == 164
    with pytest.raises(SlideError, match="There is no map 'gone' any more"):
        laid("gone")


def test_lines_go_round_what_reaches_the_threshold() -> None:
    right = [
        ((164, 40), (228, 40)),
        ((164, 168), (228, 168)),
        ((164, 40), (164, 168)),
        ((228, 40), (228, 168)),
    ]
    assert outlines(LAYER, 0.6) == right
    assert outlines(LAYER, 1.01) == []


@given(arrays(np.float32, (5, 7), elements=st.sampled_from([0.1, 0.9, np.nan])))
def test_lines_are_as_long_as_the_edges_between_in_and_out(values: np.ndarray) -> None:
    inside = {(row, column) for row, column in zip(*np.nonzero(values >= 0.5), strict=True)}
    edges = sum(
        (row + down, column + across) not in inside
        for row, column in inside
        for down, across in ((0, 1), (1, 0), (0, -1), (-1, 0))
    )
    lines = outlines(layer(values, 3.0, 5.0, 10.0), 0.5)
    length = sum(abs(x1 - x0) + abs(y1 - y0) for (x0, y0), (x1, y1) in lines)
    assert length == pytest.approx(10 * edges)
