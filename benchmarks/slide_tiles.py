"""Milliseconds that the viewer's tiles cost, of any slide.

Tiles of random views, as a browser asks for them: at each zoom some views of 4 × 3 tiles anywhere
on the slide. "Cold": for the first time. "Warm": again, from the cache. Baseline: the same tiles by
OpenSlide's own DeepZoomGenerator, encoded by Pillow at the same quality, in the same run.

    python -m benchmarks.slide_tiles big.svs
"""

import argparse
import io
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median, quantiles

import numpy as np
from openslide import OpenSlide
from openslide.deepzoom import DeepZoomGenerator

from core.slides.frame import FINEST, TILE
from core.slides.pyramid import QUALITY, tile
from core.slides.slide import open_slide

ACROSS, DOWN = 4, 3
ZOOMS = (0, 1, 2, 3, 4, 6)


def main() -> None:
    """Print a row a zoom."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("slide", type=Path)
    parser.add_argument("--views", type=int, default=8, help="of each zoom")
    asked = parser.parse_args()
    random = np.random.default_rng(0)
    print(f"{'1 px is':>9s} {'cold':>14s} {'warm':>14s} {'OpenSlide':>14s}   cold/OpenSlide")
    began = time.perf_counter()
    with open_slide(asked.slide) as slide, OpenSlide(asked.slide) as same:
        print(f"opened in {1000 * (time.perf_counter() - began):.0f} ms")
        deep = DeepZoomGenerator(same, tile_size=TILE, overlap=0)
        for power in ZOOMS:
            columns, rows = deep.level_tiles[deep.level_count - 1 - power]
            places = [
                (int(left) + column, int(top) + row)
                for left, top in zip(
                    random.integers(0, max(columns - ACROSS, 0) + 1, asked.views),
                    random.integers(0, max(rows - DOWN, 0) + 1, asked.views),
                    strict=True,
                )
                for column in range(min(ACROSS, columns))
                for row in range(min(DOWN, rows))
            ]
            half = 1 << (FINEST - power - 1)
            addresses = [(FINEST - power, half + x, half + y) for x, y in dict.fromkeys(places)]
            cold, warm = ([_ms(partial(tile, slide, *each)) for each in addresses] for _ in "12")
            level = deep.level_count - 1 - power
            theirs = [_ms(partial(_encoded, deep, level, x, y)) for x, y in dict.fromkeys(places)]
            ratio = median(cold) / median(theirs)
            print(
                f"{2**power:6d} px {_told(cold):>14s} {_told(warm):>14s} {_told(theirs):>14s}"
                f"   {ratio:.2f}"
            )


def _encoded(deep: DeepZoomGenerator, level: int, x: int, y: int) -> bytes:
    buffer = io.BytesIO()
    deep.get_tile(level, (x, y)).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def _ms(deed: Callable[[], object]) -> float:
    began = time.perf_counter()
    deed()
    return 1000 * (time.perf_counter() - began)


def _told(values: list[float]) -> str:
    """Median, and what nine of ten stay under."""
    tenths = quantiles(values, n=10) if len(values) > 1 else [values[0]] * 9
    return f"{median(values):.1f} ({tenths[-1]:.1f}) ms"


if __name__ == "__main__":
    main()
