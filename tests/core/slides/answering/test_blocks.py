"""The blocks of a map are its pixels, to the last edge."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.imaging.tiles import stitch, tile_grid
from core.slides.answering.blocks import blocks_of, on_tissue

SIDES = st.integers(5, 90)


@given(SIDES, SIDES, st.integers(2, 16), st.integers(0, 2**32 - 1))
def test_blocks_are_the_map_that_its_tiles_make(
    height: int, width: int, size: int, seed: int
) -> None:
    grid = tile_grid(height, width, size, max(1, size // 2))
    random = np.random.default_rng(seed)
    values = random.random(len(grid.origins)).astype(np.float32)
    values[random.random(len(values)) < 0.3] = np.nan
    blocks = blocks_of(values, grid)
    assert (blocks.rows[0], blocks.rows[-1]) == (0, height)
    assert (blocks.columns[0], blocks.columns[-1]) == (0, width)
    np.testing.assert_allclose(blocks.spread(), stitch(values, grid), rtol=1e-5)


def test_blocks_without_tissue_show_nothing() -> None:
    grid = tile_grid(6, 9, 4, 2)
    tissue = np.zeros((6, 9), np.bool_)
    tissue[5, 8] = True
    shown = on_tissue(blocks_of(np.ones(len(grid.origins)), grid), tissue).spread()
    expected = np.full((6, 9), np.nan)
    expected[4:, 8:] = 1
    np.testing.assert_array_equal(shown, expected)
