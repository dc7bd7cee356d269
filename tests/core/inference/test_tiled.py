"""Tiled answers: every tile as if it were alone, put back where it was cut."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ImageError
from core.evaluation.calibration import apply_temperature
from core.imaging.resize import resize
from core.imaging.tiles import tile_grid
from core.inference import tiled
from core.inference.tiled import Progress, TileMap, TilePlan, plan_tiles, tile_inputs

PURPLE = (150, 90, 160)


def redness(inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Answer with the red channel alone: its mean is the probability, itself the heatmap."""
    red = inputs[..., 0].astype(np.float32) / 255
    chance = red.mean(axis=(1, 2))
    return np.stack([1 - chance, chance], axis=1), red[:, ::4, ::4]


def answer_tiles(
    pixels: np.ndarray,
    plan: TilePlan,
    size: tuple[int, int],
    answer: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]],
    *,
    batch: int,
    progress: Progress | None = None,
) -> TileMap:
    """Answer the planned tiles as an explanation does."""
    inputs = tile_inputs(pixels, plan, size, batch=batch, progress=progress)
    chances, heatmaps = zip(*map(answer, inputs), strict=True)
    return plan.answered(
        np.concatenate(chances), None if heatmaps[0] is None else np.concatenate(heatmaps)
    )


def picture(height: int, width: int) -> np.ndarray:
    """Purple everywhere, redder to the right."""
    pixels = np.full((height, width, 3), PURPLE, np.uint8)
    pixels[..., 0] = np.linspace(100, 220, width).astype(np.uint8)
    return pixels


def test_each_tile_is_answered_as_training_would_show_it() -> None:
    pixels = np.random.default_rng(0).integers(60, 200, (150, 200, 3), dtype=np.uint8)
    seen = []

    def keep(inputs: np.ndarray) -> tuple[np.ndarray, None]:
        seen.extend(inputs)
        return np.full((len(inputs), 2), 0.5, np.float32), None

    plan = plan_tiles(pixels, 50, overlap=False)
    answer_tiles(pixels, plan, (96, 96), keep, batch=5)
    assert len(seen) == 12
    for (y, x), tile in zip(plan.grid.origins[plan.used], seen, strict=True):
        np.testing.assert_array_equal(tile, resize(pixels[y : y + 50, x : x + 50], 96, 96))


@pytest.mark.parametrize("tile", [20, 50, 64, 101])
def test_maps_show_values_where_they_are(tile: int) -> None:
    pixels = picture(300, 500)
    found = answer_tiles(pixels, plan_tiles(pixels, tile), (32, 32), redness, batch=16)
    for values in (found.probability_map(1), found.heatmap()):
        assert values.dtype == np.float32
        assert not np.isnan(values).any()
        truth = resize(pixels, *values.shape)[..., 0] / 255
        middle = np.s_[:, values.shape[1] // 5 : -values.shape[1] // 5]
        # A tile has one probability; with half overlap it may be a quarter of a tile off.
        tolerance = 0.01 + tile / 4 * (120 / 255 / 500)
        np.testing.assert_allclose(values[middle], truth[middle], atol=tolerance)
    assert found.map_grid.size <= tiled.MAP_TILE


def test_glass_is_skipped_and_does_not_count() -> None:
    pixels = np.full((400, 600, 3), 245, np.uint8)
    pixels[:, 300:] = picture(400, 300)
    found = answer_tiles(pixels, plan_tiles(pixels, 50), (32, 32), redness, batch=16)
    assert 0.4 < found.used.mean() < 0.6
    assert np.isnan(found.probabilities[~found.used]).all()
    values = found.probability_map(1)
    half = values.shape[1] // 2
    assert np.isnan(values[:, : half - 20]).all()
    assert not np.isnan(values[:, half + 20 :]).any()
    weights = found.tissue[found.used]
    expected = (found.probabilities[found.used] * weights[:, None]).sum(0) / weights.sum()
    np.testing.assert_allclose(found.image_probabilities(None), expected, rtol=1e-5)


def test_all_tiles_are_used_where_none_has_tissue() -> None:
    pixels = np.full((200, 200, 3), 245, np.uint8)
    found = answer_tiles(pixels, plan_tiles(pixels, 50), (32, 32), redness, batch=16)
    assert found.used.all()
    np.testing.assert_allclose(found.image_probabilities(1)[1], 245 / 255, rtol=1e-5)


def test_an_image_shorter_than_a_tile_is_continued_by_reflection() -> None:
    found = answer_tiles(
        picture(30, 400), plan_tiles(picture(30, 400), 50), (32, 32), redness, batch=16
    )
    values = found.probability_map(1)
    assert values.shape == (19, 256)
    assert not np.isnan(values).any()


def test_progress_ends_at_one_and_batches_are_bounded() -> None:
    told, sizes = [], []

    def answer(inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sizes.append(len(inputs))
        return redness(inputs)

    answer_tiles(
        picture(200, 200),
        plan_tiles(picture(200, 200), 50),
        (32, 32),
        answer,
        batch=20,
        progress=lambda share, text: told.append((share, text)),
    )
    assert sizes == [20, 20, 9]
    assert told[-1] == (1.0, "49 of 49 tiles")
    assert [share for share, _ in told] == sorted(share for share, _ in told)


def test_large_images_do_without_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.full((400, 600, 3), 245, np.uint8)
    pixels[:, :100] = picture(400, 100)
    monkeypatch.setattr(tiled, "MOST_OVERLAPPING", 80)
    plan = plan_tiles(pixels, 50)
    assert plan.grid.stride == 25, "glass does not count"
    assert plan.used.sum() <= 80
    plan = plan_tiles(picture(400, 600), 50)
    assert plan.grid.stride == 50
    assert plan.used.sum() == 8 * 12


def test_an_absurd_number_of_tiles_is_refused() -> None:
    with pytest.raises(ImageError, match="at most 50,000 are answered"):
        plan_tiles(np.zeros((2000, 2000, 3), np.uint8), 8)


def four_tiles(positive: list[float], tissue: list[float]) -> TileMap:
    """Four tiles side by side."""
    grid = tile_grid(10, 40, 10, 10)
    chances = np.stack([1 - np.array(positive), positive], axis=1).astype(np.float32)
    weights = np.array(tissue)
    return TileMap(grid, grid, chances, weights, weights > 0, None)


def test_the_answer_to_an_image_is_its_upper_quartile() -> None:
    found = four_tiles([0.1, 0.9, 0.2, 0.3], [1.0, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(found.image_probabilities(1), [0.7, 0.3], rtol=1e-6)
    np.testing.assert_allclose(found.image_probabilities(0), [0.8, 0.2], rtol=1e-5)
    assert found.share_at(1, 0.3) == 0.5
    assert "upper quartile" in tiled.IMAGE_RULE


def test_a_quarter_of_the_tissue_is_at_least_as_probable_as_the_answer() -> None:
    # Twenty tiles side by side from 0.05 to 1: the fifteenth has five above it.
    chances = np.arange(1, 21) / 20
    grid = tile_grid(10, 200, 10, 10)
    both = np.stack([1 - chances, chances], axis=1).astype(np.float32)
    found = TileMap(grid, grid, both, np.ones(20), np.ones(20, dtype=bool), None)
    assert found.image_probabilities(1)[1] == pytest.approx(0.75)
    assert found.share_at(1, 0.75) == pytest.approx(6 / 20)


@given(st.integers(33, 300), st.integers(33, 1500), st.integers(33, 1500))
def test_tiles_lie_on_the_maps_where_they_lie_on_the_image(
    tile: int, height: int, width: int
) -> None:
    plan = plan_tiles(np.zeros((height, width, 3), np.uint8), tile)
    factor = plan.map_grid.size / tile
    # To half a pixel of the map, at its far edge to one: its size is rounded as well.
    last = np.array([plan.map_grid.height, plan.map_grid.width]) - plan.map_grid.size
    inner = plan.map_grid.origins < last
    away = np.abs(plan.map_grid.origins - plan.grid.origins * factor)
    assert (away[inner] <= 0.5 + 1e-9).all()
    if min(height, width) >= tile:
        assert (away <= 1 + 1e-9).all()


def test_tiles_count_by_their_tissue() -> None:
    # The second tile alone holds more than a quarter of the tissue; the third is glass.
    found = four_tiles([0.1, 0.9, 0.99, 0.3], [0.4, 0.5, 0.0, 0.6])
    np.testing.assert_allclose(found.image_probabilities(1)[1], 0.9, rtol=1e-6)
    assert found.share_at(1, 0.5) == pytest.approx(0.5 / 1.5)
    mean = (0.1 * 0.4 + 0.9 * 0.5 + 0.3 * 0.6) / 1.5
    np.testing.assert_allclose(found.image_probabilities(None)[1], mean, rtol=1e-6)


def test_the_answer_to_a_field_is_the_softmax_of_its_mean_logits() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, (4, 2))
    for temperature in (1.0, 2.5):
        tiles = four_tiles([0.5] * 4, [1, 1, 0.5, 0.2])
        chances = apply_temperature(logits, temperature)
        found = replace(tiles, probabilities=chances).field_probabilities()
        expected = apply_temperature(logits.mean(axis=0, keepdims=True), temperature)[0]
        np.testing.assert_allclose(found, expected, atol=1e-6)
