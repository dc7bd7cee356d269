from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ImageError
from core.imaging.tiles import (
    TileGrid,
    crops_needed,
    cut,
    square_crops,
    stitch,
    tile_grid,
    tile_means,
)


@st.composite
def grids(draw: st.DrawFn) -> TileGrid:
    size = draw(st.integers(1, 20))
    stride = draw(st.integers(1, size))
    return tile_grid(draw(st.integers(1, 60)), draw(st.integers(1, 60)), size, stride)


@given(grids())
def test_every_pixel_is_covered_and_no_tile_leaves_a_large_enough_image(grid: TileGrid) -> None:
    covered = np.zeros((grid.height, grid.width), bool)
    for y, x in grid.origins:
        assert 0 <= y <= max(grid.height - grid.size, 0)
        assert 0 <= x <= max(grid.width - grid.size, 0)
        covered[y : y + grid.size, x : x + grid.size] = True
    assert covered.all()
    assert len(np.unique(grid.origins, axis=0)) == len(grid.origins)


def test_origins_of_a_small_case_by_hand() -> None:
    grid = tile_grid(10, 4, 4, 4)
    assert grid.origins.tolist() == [[0, 0], [4, 0], [6, 0]]


@given(grids())
def test_tiles_hold_the_pixels_under_them(grid: TileGrid) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (grid.height, grid.width, 3), np.uint8)
    tiles = cut(pixels, grid)
    assert tiles.shape == (len(grid.origins), grid.size, grid.size, 3)
    for tile, (y, x) in zip(tiles, grid.origins, strict=True):
        inside = pixels[y : y + grid.size, x : x + grid.size]
        assert np.array_equal(tile[: inside.shape[0], : inside.shape[1]], inside)


def test_a_small_image_is_continued_by_reflection() -> None:
    pixels = np.arange(3, dtype=np.uint8).reshape(1, 3, 1)
    tile = cut(pixels, tile_grid(1, 3, 5, 5))[0, :, :, 0]
    assert tile.tolist() == [[0, 1, 2, 2, 1]] * 5


@given(grids())
def test_stitching_pixel_maps_of_the_tiles_gives_the_image_back(grid: TileGrid) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (grid.height, grid.width, 1), np.uint8)
    maps = cut(pixels, grid)[..., 0].astype(np.float32)
    assert np.allclose(stitch(maps, grid), pixels[..., 0], atol=1e-3)


def test_one_value_a_tile_is_averaged_where_tiles_overlap() -> None:
    grid = tile_grid(2, 6, 4, 2)
    assert stitch(np.array([0.0, 1.0]), grid).tolist() == [[0, 0, 0.5, 0.5, 1, 1]] * 2


def test_tiles_without_a_value_leave_nan_only_where_no_other_tile_is() -> None:
    grid = tile_grid(2, 6, 4, 2)
    expected = [np.nan, np.nan, 1, 1, 1, 1]
    for values in (np.array([np.nan, 1.0]), np.array([np.full((2, 2), np.nan), np.ones((2, 2))])):
        assert np.array_equal(stitch(values, grid), [expected] * 2, equal_nan=True)
    assert np.isnan(stitch(np.full(2, np.nan), grid)).all()


def test_small_maps_are_resized_to_the_tile() -> None:
    grid = tile_grid(8, 8, 8, 8)
    corner = np.zeros((1, 2, 2))
    corner[0, 0, 0] = 1
    stitched = stitch(corner, grid)
    assert stitched.shape == (8, 8)
    assert stitched[0, 0] == 1
    assert stitched[7, 7] == 0


@given(grids())
def test_tile_means_of_a_mask_are_its_shares(grid: TileGrid) -> None:
    mask = np.random.default_rng(3).random((grid.height, grid.width)) < 0.4
    means = cut(mask[..., None], grid).mean(axis=(1, 2, 3))
    assert np.allclose(tile_means(mask, grid), means)


def test_a_grid_of_chosen_tiles_cuts_only_those() -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (30, 30, 3), np.uint8)
    grid = tile_grid(30, 30, 10, 5)
    some = replace(grid, origins=grid.origins[3:7])
    assert np.array_equal(cut(pixels, some), cut(pixels, grid)[3:7])


@pytest.mark.parametrize("sizes", [(0, 5, 2, 2), (5, 5, 0, 1), (5, 5, 4, 5), (5, 5, 4, 0)])
def test_impossible_grids_are_refused(sizes: tuple[int, int, int, int]) -> None:
    with pytest.raises(ImageError, match="px"):
        tile_grid(*sizes)


def test_a_grid_of_another_image_is_refused() -> None:
    with pytest.raises(ImageError, match="new grid"):
        cut(np.zeros((5, 6, 3), np.uint8), tile_grid(6, 6, 2, 2))


@pytest.mark.parametrize(
    "shape", [(230, 350), (460, 700), (456, 700), (700, 460), (100, 251), (40, 41)]
)
def test_square_crops_are_the_tiles_of_a_field(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    crops = square_crops(pixels, crops_needed(*shape))
    if max(shape) <= 1.25 * min(shape):
        assert len(crops) == 1
        np.testing.assert_array_equal(crops[0], pixels)
        return
    side = min(shape)
    tiles = cut(pixels, tile_grid(*shape, side, side // 2))
    assert len(crops) == len(tiles)
    for crop, tile in zip(crops, tiles, strict=True):
        np.testing.assert_array_equal(crop, tile)
