r"""Write a large slide from real pixels: tiled, pyramidal, of any size, in little memory.

    python -m benchmarks.parts.made_slide big.svs --width 100000 --height 80000 \
        --from ../shared/data/slides/cmu-1-small-region.svs

A square of the slide given is repeated, mirrored so that nothing shows where copies meet; it fills
an ellipse on white glass (or all, with `--tissue 1`). Tiles are compressed once and copied, so a
file grows as fast as the disk writes. `.svs` is as Aperio's scanners write it (levels in steps of
4), `.ome.tif` an OME-TIFF and `.tif` a plain pyramid (steps of 2), a name without ending a folder
of DICOM files (held in memory a level at a time: up to some 20,000 px).
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.uid import generate_uid
from tifffile import TiffWriter

from benchmarks.parts.dicom_slide import dicom_level
from core.slides.slide import open_slide

TILE = 256
PERIOD = 4096
"""Side of the mirrored square, px: 16 tiles."""
LEAST = 512
WHITE = 243

Pixels = NDArray[np.uint8]


class Plan(NamedTuple):
    """What is to be written."""

    width: int
    height: int
    tissue: float
    """Share of the slide's width and height that the ellipse spans; 1: all of the slide."""
    um_per_px: float
    quality: int
    factor: int

    def sizes(self) -> list[tuple[int, int]]:
        """Width and height of each level."""
        sizes, step = [(self.width, self.height)], self.factor
        while min(self.width, self.height) // step > LEAST:
            sizes.append((self.width // step, self.height // step))
            step *= self.factor
        return sizes


def square(path: Path) -> Pixels:
    """The most stained square of a slide, mirrored both ways, (PERIOD, PERIOD, 3)."""
    with open_slide(path) as slide:
        half = min(PERIOD // 2, slide.info.width, slide.info.height)
        small = slide.thumbnail(256).mean(axis=2)
        window = max(1, int(256 * half / max(slide.info.width, slide.info.height)))
        brightness = cv2.blur(small, (window, window), borderType=cv2.BORDER_REFLECT)
        rows, columns = (max(1, side - window + 1) for side in small.shape)
        inner = brightness[window // 2 :, window // 2 :][:rows, :columns]
        top, left = np.unravel_index(inner.argmin(), inner.shape)
        scale = max(slide.info.width, slide.info.height) / 256
        x = min(int(left * scale), slide.info.width - half)
        y = min(int(top * scale), slide.info.height - half)
        pixels = slide.read(x, y, half, half, (PERIOD // 2, PERIOD // 2))
    across = np.concatenate([pixels, pixels[:, ::-1]], axis=1)
    return np.concatenate([across, across[::-1]])


class Tiles:
    """The tiles of every level: of the repeated square, glass, or of both."""

    def __init__(self, plan: Plan, period: Pixels) -> None:
        self.plan = plan
        self.halves = [period]
        while len(self.halves[-1]) > 1:
            side = len(self.halves[-1]) // 2
            self.halves.append(
                cv2.resize(self.halves[-1], (side, side), interpolation=cv2.INTER_AREA)
            )
        self.kept: dict[tuple[int, int, int], bytes] = {}

    def encoded(self, step: int, size: tuple[int, int]) -> Iterator[bytes]:
        """Yield the tiles of a level, row by row, compressed as JPEG."""
        for y in range(0, size[1], TILE):
            for x in range(0, size[0], TILE):
                yield self._tile(step, x, y)

    def pixels(self, step: int, x: int, y: int) -> Pixels:
        """One tile of a level, (TILE, TILE, 3)."""
        small = self.halves[step.bit_length() - 1]
        rows, columns = (np.arange(at, at + TILE) % len(small) for at in (y, x))
        tile = small[rows[:, np.newaxis], columns]
        inside = self._inside(step, x, y)
        return np.where(inside[..., np.newaxis], tile, np.uint8(WHITE))

    def _tile(self, step: int, x: int, y: int) -> bytes:
        inside = self._inside(step, x, y)
        if inside.any() and not inside.all():  # at the edge of the tissue: like no other
            return self._jpeg(self.pixels(step, x, y))
        side = len(self.halves[step.bit_length() - 1])
        place = (x % side, y % side) if inside.all() else (-1, -1)
        key = (step, place[0], place[1])
        if key not in self.kept:
            self.kept[key] = self._jpeg(self.pixels(step, x, y))
        return self.kept[key]

    def _inside(self, step: int, x: int, y: int) -> NDArray[np.bool_]:
        plan = self.plan
        if plan.tissue >= 1:
            return np.ones((TILE, TILE), bool)
        across = ((x + np.arange(TILE)) * step / plan.width - 0.5) / (plan.tissue / 2)
        down = ((y + np.arange(TILE)) * step / plan.height - 0.5) / (plan.tissue / 2)
        return down[:, np.newaxis] ** 2 + across**2 <= 1

    def _jpeg(self, tile: Pixels) -> bytes:
        return bytes(imagecodecs.jpeg8_encode(tile, level=self.plan.quality, subsampling="420"))


def write_tiff(path: Path, plan: Plan, tiles: Tiles) -> None:
    """Write a BigTIFF, tile by tile."""
    ome, svs = path.name.endswith((".ome.tif", ".ome.tiff")), path.suffix == ".svs"
    sizes = plan.sizes()
    shared: dict[str, Any] = {
        "dtype": np.uint8,
        "tile": (TILE, TILE),
        "photometric": "ycbcr",
        "subsampling": (2, 2),
        "compression": "jpeg",
    }
    words = (
        f"Aperio Image Library v12.0.15\r\n{plan.width}x{plan.height} [0,0 {plan.width}x"
        f"{plan.height}] ({TILE}x{TILE}) JPEG/RGB Q={plan.quality}|AppMag = 20|"
        f"MPP = {plan.um_per_px}"
    )
    with TiffWriter(path, bigtiff=True, ome=ome) as file:
        for index, (width, height) in enumerate(sizes):
            options = dict(shared)
            if ome and index == 0:
                said = {"PhysicalSizeX": plan.um_per_px, "PhysicalSizeY": plan.um_per_px}
                options |= {"subifds": len(sizes) - 1, "metadata": {"axes": "YXS", **said}}
            elif not ome:
                options |= {"metadata": None, "description": words if svs else ""}
                if not svs:
                    density = 10_000 / plan.um_per_px * width / plan.width
                    options |= {"resolution": (density, density), "resolutionunit": "centimeter"}
            if index and not svs:
                options["subfiletype"] = 1
            step = plan.factor**index
            data = tiles.encoded(step, (width, height))
            file.write(data, shape=(height, width, 3), **options)
            if svs and index == 0:  # where the thumbnail stands
                small = np.full((64, 64, 3), WHITE, np.uint8)
                file.write(small, metadata=None, description=words, photometric="rgb")


def write_dicom(folder: Path, plan: Plan, tiles: Tiles) -> None:
    """Write a file a level."""
    uids = (generate_uid(), generate_uid(), generate_uid())
    for index, size in enumerate(plan.sizes()):
        frames = list(tiles.encoded(plan.factor**index, size))
        spacing = plan.um_per_px * plan.width / size[0] / 1000
        level = dicom_level(frames, size, TILE, spacing, index, uids=uids)
        level.save_as(folder / f"level-{index}.dcm", enforce_file_format=True)


def main() -> None:
    """Parse the arguments, write, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--from", dest="source", type=Path, required=True, help="a slide")
    parser.add_argument("--width", type=int, default=40_000)
    parser.add_argument("--height", type=int, default=30_000)
    parser.add_argument("--tissue", type=float, default=0.8, help="of width and height")
    parser.add_argument("--um-per-px", type=float, default=0.5)
    parser.add_argument("--quality", type=int, default=80)
    asked = parser.parse_args()
    factor = 4 if asked.path.suffix == ".svs" else 2
    plan = Plan(
        *(asked.width, asked.height, asked.tissue, asked.um_per_px, asked.quality, factor),
    )
    began = time.monotonic()
    tiles = Tiles(plan, square(asked.source))
    if asked.path.suffix:
        write_tiff(asked.path, plan, tiles)
        size = asked.path.stat().st_size
    else:
        asked.path.mkdir(parents=True)
        write_dicom(asked.path, plan, tiles)
        size = sum(file.stat().st_size for file in asked.path.iterdir())
    print(f"{asked.path}: {size / 1e9:.2f} GB in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
