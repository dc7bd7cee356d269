"""Images larger than the model's field: cut into tiles, answered, and put together again."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageError
from core.imaging.resize import resize
from core.imaging.tiles import TileGrid, cut, stitch, tile_grid, tile_means
from core.imaging.tissue import tissue_mask
from core.registry.card import Card

# Tiles with less tissue than this are not answered.
LEAST_TISSUE = 0.1
# Over this many tiles they are laid side by side instead of overlapping by half.
MOST_OVERLAPPING = 10_000
# Room for every tile of the largest image that is read by default, at 50 px a tile.
MOST_TILES = 50_000
# Tiles of so much of the most tissue that any has tell what kind of tissue it is.
_NEARLY = 0.75
# Side of a tile on the maps that are shown: finer than any network's last feature map.
MAP_TILE = 32

FIELD_RULE = (
    "The image's probability is the geometric mean over its squares, as when the model was judged."
)
IMAGE_RULE = (
    "The image's probability is the upper quartile of its map: a quarter of the tissue is at "
    "least this probable. A smaller focus shows on the map only. With more than two classes: "
    "the mean over tiles, weighted by tissue."
)
# Measured on left-out patients (benchmarks/image_rule.py): at the patches' operating point the
# mean misses tumours that fill less than half of a field, and the maximum calls nearly every
# larger field positive.
QUANTILE = 0.75

Progress = Callable[[float, str], None]
"""Share that is done, in [0, 1], and what is being done."""
Grow = Callable[[NDArray[np.float32]], None]
"""Takes the (H', W') probability map of the tiles that were answered so far, NaN elsewhere."""


@dataclass(frozen=True)
class TileMap:
    """The answers of an image's tiles."""

    grid: TileGrid
    """Tiles in pixels of the image, at the scale at which it is answered."""
    map_grid: TileGrid
    """The same tiles in pixels of the maps, which are at most `MAP_TILE` px to a tile and cover the
    whole image."""
    probabilities: NDArray[np.float32]
    """(N, K); NaN for tiles that were not answered."""
    tissue: NDArray[np.float64]
    """(N,) share of each tile that is tissue."""
    used: NDArray[np.bool_]
    """(N,) which tiles were answered; all of them where none has tissue."""
    heatmaps: NDArray[np.float32] | None
    """(number of used tiles, fh, fw) raw heatmaps, comparable between tiles."""

    def of_image(self, card: Card) -> NDArray[np.float32]:
        """Return the (K,) probabilities of the whole image by the rule that the model follows."""
        if card.input.fit == "crops":
            return self.field_probabilities()
        return self.image_probabilities(card.positive_index)

    def image_probabilities(self, positive_index: int | None) -> NDArray[np.float32]:
        """Return the (K,) probabilities of the whole image by `IMAGE_RULE`."""
        weights = self._weights()
        if positive_index is None:
            tiles = self.probabilities[self.used].astype(np.float64)
            return np.average(tiles, axis=0, weights=weights).astype(np.float32)
        area = self._area(positive_index)
        positive = np.quantile(area, QUANTILE, weights=weights, method="inverted_cdf")
        pair = (positive, 1 - positive) if positive_index == 0 else (1 - positive, positive)
        return np.array(pair, np.float32)

    def field_probabilities(self) -> NDArray[np.float32]:
        """Return the (K,) probabilities of the whole image by `FIELD_RULE`.

        It is the softmax of the tiles' mean logits, at whatever temperature.
        """
        chances = np.clip(self.probabilities[self.used].astype(np.float64), 1e-12, 1)
        means = np.exp(np.log(chances).mean(axis=0))
        return (means / means.sum()).astype(np.float32)

    def share_at(self, index: int, threshold: float) -> float:
        """Return the share of the tissue, in [0, 1], where a class reaches a threshold."""
        return float(np.average(self._area(index) >= threshold, weights=self._weights()))

    def mostly_tissue(self) -> NDArray[np.bool_]:
        """Which used tiles have nearly as much tissue as any: those at its edge show glass, too."""
        return mostly_tissue(self.tissue[self.used])

    def _area(self, index: int) -> NDArray[np.float64]:
        """Mean of the map over each used tile: overlapping neighbours steady each other."""
        return tile_means(self.probability_map(index), self.map_grid)[self.used]

    def _weights(self) -> NDArray[np.float64]:
        weights = self.tissue[self.used]
        return weights if (weights > 0).any() else np.ones_like(weights)

    def probability_map(self, index: int) -> NDArray[np.float32]:
        """Return the (H', W') probability of a class, NaN where nothing was answered."""
        return stitch(self.probabilities[:, index], self.map_grid)

    def heatmap(self) -> NDArray[np.float32]:
        """Return the (H', W') raw heatmap, NaN where nothing was answered."""
        if self.heatmaps is None:
            raise ValueError("the tiles were answered without heatmaps")
        return stitch(
            self.heatmaps, replace(self.map_grid, origins=self.map_grid.origins[self.used])
        )


@dataclass(frozen=True)
class TilePlan:
    """Which tiles of an image are to be answered; fields as in `TileMap`."""

    grid: TileGrid
    map_grid: TileGrid
    tissue: NDArray[np.float64]
    used: NDArray[np.bool_]

    def so_far(self, chances: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        """The (H', W') map of one probability of the used tiles answered so far, else NaN."""
        every = np.full(len(self.used), np.nan, np.float32)
        answered = np.concatenate(chances)
        every[np.flatnonzero(self.used)[: len(answered)]] = answered
        return stitch(every, self.map_grid)

    def answered(
        self, probabilities: NDArray[np.float32], heatmaps: NDArray[np.float32] | None = None
    ) -> TileMap:
        """Lay the answers of the used tiles, (n, K) and (n, fh, fw), back where they were cut."""
        every = np.full((len(self.used), probabilities.shape[1]), np.nan, np.float32)
        every[self.used] = probabilities
        return TileMap(self.grid, self.map_grid, every, self.tissue, self.used, heatmaps)


def plan_tiles(pixels: NDArray[np.uint8], tile: int, *, overlap: bool = True) -> TilePlan:
    """Find the tiles that have tissue; they overlap by half unless they would be too many.

    Parameters
    ----------
    pixels
        (H, W, 3) RGB.
    tile
        Side of a tile in pixels of the image.
    overlap
        False lays the tiles side by side in any case.

    Raises
    ------
    ImageError
        If there would be too many even side by side.
    """
    height, width = pixels.shape[:2]
    side_by_side = -(-width // tile) * -(-height // tile)
    if side_by_side > MOST_TILES:
        raise ImageError(
            f"At this scale the image of {width}×{height} px would be {side_by_side:,} tiles of "
            f"{tile} px; at most {MOST_TILES:,} are answered. Crop the image, or check its scale."
        )
    grid = tile_grid(height, width, tile, max(1, tile // 2) if overlap else tile)
    map_grid = map_grid_of(grid)
    # Tissue is told from glass at the size of the maps: finer than a tile, and quick.
    mask = tissue_mask(resize(pixels, map_grid.height, map_grid.width))
    tissue = tile_means(mask, map_grid)
    used = tissue >= LEAST_TISSUE
    if not used.any():
        used = np.ones_like(used)
    if overlap and used.sum() > MOST_OVERLAPPING:
        return plan_tiles(pixels, tile, overlap=False)
    return TilePlan(grid, map_grid, tissue, used)


def mostly_tissue(tissue: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which tiles have nearly as much tissue as any, by the share of each that is tissue, (N,)."""
    return tissue >= _NEARLY * tissue.max()


def tile_inputs(
    pixels: NDArray[np.uint8],
    plan: TilePlan,
    input_size: tuple[int, int],
    *,
    batch: int,
    progress: Progress | None = None,
) -> Iterator[NDArray[np.uint8]]:
    """Yield the planned tiles as inputs, a batch at a time, so that memory stays bounded.

    Each tile is cut and then resized on its own, exactly as training resizes a patch. One batch is
    cut while the one before is being answered.

    Parameters
    ----------
    pixels
        (H, W, 3) RGB.
    plan
        From `plan_tiles` of the same image.
    input_size
        Height and width of the network's input.
    batch
        Most tiles at once.
    progress
        Told after every batch that was answered.

    Yields
    ------
    NDArray[np.uint8]
        (n, h, w, 3), n at most `batch`, in the order of the plan's tiles.
    """
    origins = plan.grid.origins[plan.used]
    total = len(origins)

    def prepare(start: int) -> NDArray[np.uint8]:
        part = replace(plan.grid, origins=origins[start : start + batch])
        return np.stack([resize(tile, *input_size) for tile in cut(pixels, part)])

    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(prepare, 0)
        for start in range(0, total, batch):
            inputs = coming.result()
            if start + batch < total:
                coming = pool.submit(prepare, start + batch)
            yield inputs
            done = start + len(inputs)
            if progress:
                progress(done / total, f"{done} of {total} tiles")


def map_grid_of(grid: TileGrid, most: int = MAP_TILE) -> TileGrid:
    """Return the same tiles on a smaller picture, for maps; starts are rounded to its pixels.

    A tile there is at most so many pixels wide.
    """
    size = min(grid.size, most)
    factor = size / grid.size
    height = max(1, round(grid.height * factor))
    width = max(1, round(grid.width * factor))
    last = np.maximum(np.array([height, width]) - size, 0)
    origins = np.minimum(np.rint(grid.origins * factor).astype(np.int64), last)
    return TileGrid(height, width, size, max(1, round(grid.stride * factor)), origins)
