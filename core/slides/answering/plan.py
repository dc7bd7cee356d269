"""Which tiles of a slide are to be answered, and where there is tissue."""

import json
import zipfile
import zlib
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.atomic import whole_file
from core.errors import SlideError
from core.imaging.tiles import TileGrid, tile_grid, tile_means
from core.inference.tile_size import ScalePlan, plan_scale
from core.inference.tiled import LEAST_TISSUE, MAP_TILE, map_grid_of
from core.registry.card import Card
from core.registry.package import Package
from core.slides.answering.folder import AnswerFolder
from core.slides.answering.request import AnswerRequest, Polygon
from core.slides.answering.tissue import Progress, find_tissue
from core.slides.slide import Slide, SlideInfo

MOST_OVERLAPPING = 40_000
"""Over this many tiles with tissue they are laid side by side instead of overlapping by half."""
MOST_TILES = 2_000_000
MOST_MAP_PIXELS = 16_000_000
"""Of a map; that of a larger slide is coarser. Tens of bytes a pixel are needed at the end."""
_VERSION = 1

_DAMAGED = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class SlidePlan:
    """Which tiles of a slide are to be answered, by which model."""

    slide: dict[str, Any]
    """name, format, fingerprint, width and height (px) and um_per_px (as stated) of the slide."""
    model: str
    """As the shelf calls it."""
    model_sha256: str
    card: Card
    scale: ScalePlan
    um_per_px: float
    """Of the slide's finest level."""
    grid: TileGrid
    """Tiles at the scale of training: every tile of the slide, with tissue or not."""
    map_grid: TileGrid
    """The same in pixels of the map."""
    tissue: NDArray[np.bool_]
    """(H', W') of the map: where there is tissue, or nobody knows because it cannot be read."""
    shares: NDArray[np.float32]
    """(N,) share of each tile that is tissue."""
    used: NDArray[np.bool_]
    """(N,) which tiles are to be answered."""
    third_direction: float | None
    """Of `core.imaging.two_stains`."""

    @property
    def step(self) -> tuple[float, float]:
        """Pixels of the slide, across and down, that one of the grid covers."""
        return self.slide["width"] / self.grid.width, self.slide["height"] / self.grid.height

    @property
    def columns(self) -> int:
        """Tiles in a row."""
        return int(np.searchsorted(self.grid.origins[:, 0], self.grid.origins[0, 0], "right"))

    @property
    def map_pixel_mm2(self) -> float:
        """Area that a pixel of the map shows."""
        whole = self.slide["width"] * self.slide["height"] * self.um_per_px**2
        return whole / (self.map_grid.width * self.map_grid.height) / 1e6

    @property
    def tissue_mm2(self) -> float:
        """Area of the tissue."""
        return float(self.tissue.sum()) * self.map_pixel_mm2

    def tile_mm2(self) -> NDArray[np.float64]:
        """(N,) tissue that each tile to be answered counts for: all of them make up the tissue."""
        parts = np.where(self.used, self.shares, 0).astype(np.float64)
        total = parts.sum()
        return parts * (self.tissue_mm2 / total) if total else parts


def make_plan(
    slide: Slide, package: Package, name: str, request: AnswerRequest, progress: Progress
) -> SlidePlan:
    """Find the tissue of a slide and lay tiles over it.

    Raises
    ------
    ImageError
        If the scale that was given cannot be right.
    SlideError
        If there would be too many tiles.
    """
    info, card = slide.info, package.card
    scale = plan_scale(
        info.um_per_px,
        request.um_per_px,
        card.input,
        info.height,
        info.width,
        unusable=info.scale_words,
    )
    if scale.um_per_px is None:
        raise SlideError(no_scale(info))
    height = max(1, round(info.height * scale.shrink))
    width = max(1, round(info.width * scale.shrink))
    tile = scale.trained_tile
    if -(-height // tile) * -(-width // tile) > MOST_TILES:
        raise SlideError(
            f"At {scale.um_per_px:g} µm/px {info.name} would be more than {MOST_TILES:,} tiles. "
            "Check its scale."
        )
    grid = tile_grid(height, width, tile, max(1, tile // 2))
    map_grid = map_grid_of(grid, _map_tile(grid))
    tissue_found = find_tissue(slide, (map_grid.width, map_grid.height), progress)
    tissue = tissue_found.mask
    if request.within:
        tissue &= _inside(request.within, info, map_grid)
    shares = tile_means(tissue, map_grid)
    if (shares >= LEAST_TISSUE).sum() > MOST_OVERLAPPING:
        grid = tile_grid(height, width, tile, tile)
        map_grid = map_grid_of(grid, map_grid.size)
        shares = tile_means(tissue, map_grid)
    return SlidePlan(
        slide={
            "name": info.name,
            "format": info.format,
            "fingerprint": info.fingerprint,
            "width": info.width,
            "height": info.height,
            "um_per_px": info.um_per_px,
        },
        model=name,
        model_sha256=package.model_sha256,
        card=card,
        scale=scale,
        um_per_px=scale.um_per_px,
        grid=grid,
        map_grid=map_grid,
        tissue=tissue,
        shares=shares.astype(np.float32),
        used=shares >= LEAST_TISSUE,
        third_direction=tissue_found.third_direction,
    )


def no_scale(info: SlideInfo) -> str:
    """Say that a slide cannot be answered before somebody gives its scale."""
    return (
        f"{info.name} {info.scale_words or 'does not state its scale'}, so nobody knows how large "
        "its cells are. Give its µm/px: 0.25 for most scans at 40×, 0.5 for those at 20×."
    )


def write_plan(folder: AnswerFolder, plan: SlidePlan) -> None:
    """Keep a plan, whole or not at all.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    about = {
        "version": _VERSION,
        "slide": plan.slide,
        "model": plan.model,
        "model_sha256": plan.model_sha256,
        "card": plan.card.model_dump_json(),
        "scale": asdict(plan.scale),
        "um_per_px": plan.um_per_px,
        "grid": _sizes(plan.grid),
        "map_grid": _sizes(plan.map_grid),
        "third_direction": plan.third_direction,
    }
    with whole_file(folder.plan) as file:
        np.savez_compressed(
            file,
            about=np.array(json.dumps(about)),
            origins=plan.grid.origins,
            map_origins=plan.map_grid.origins,
            tissue=np.packbits(plan.tissue),
            shares=plan.shares,
            used=plan.used,
        )


def read_plan(folder: AnswerFolder) -> SlidePlan | None:
    """Return the plan that was kept; None if there is none yet.

    Raises
    ------
    SlideError
        If it is damaged or from another version of Lobule.
    """
    try:
        with folder.plan.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            about = json.loads(str(saved["about"]))
            grid = TileGrid(**about["grid"], origins=saved["origins"])
            map_grid = TileGrid(**about["map_grid"], origins=saved["map_origins"])
            pixels = map_grid.height * map_grid.width
            tissue = np.unpackbits(saved["tissue"], count=pixels).astype(np.bool_)
            return SlidePlan(
                about["slide"],
                about["model"],
                about["model_sha256"],
                Card.model_validate_json(about["card"]),
                ScalePlan(**about["scale"]),
                about["um_per_px"],
                grid,
                map_grid,
                tissue.reshape(map_grid.height, map_grid.width),
                saved["shares"],
                saved["used"],
                about["third_direction"],
            )
    except FileNotFoundError:
        return None
    except _DAMAGED as error:
        raise SlideError(
            f"The answer {folder.id} cannot be read: {folder.plan} is damaged, or from another "
            "version of Lobule. Ask for a new answer."
        ) from error


def _map_tile(grid: TileGrid) -> int:
    """Side of a tile on the map, so that the map does not grow too large."""
    side = MAP_TILE
    while side > 2 and grid.width * grid.height * (side / grid.size) ** 2 > MOST_MAP_PIXELS:  # noqa: PLR2004 - half a tile must have a pixel
        side //= 2
    return side


def _inside(polygon: Polygon, info: SlideInfo, map_grid: TileGrid) -> NDArray[np.bool_]:
    corners = np.array(polygon, np.float64)
    corners *= (map_grid.width / info.width, map_grid.height / info.height)
    drawn = np.zeros((map_grid.height, map_grid.width), np.uint8)
    cv2.fillPoly(drawn, [np.rint(corners).astype(np.int32)], 1)
    return drawn.astype(np.bool_)


def _sizes(grid: TileGrid) -> dict[str, int]:
    return {name: getattr(grid, name) for name in ("height", "width", "size", "stride")}
