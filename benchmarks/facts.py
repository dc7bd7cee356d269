"""What Lobule reads of image files, field by field, beside tifffile, Pillow and OpenSlide.

    python benchmarks/facts.py ../shared/cases ../shared/data/slides

For each image: width, height, µm/px and mean grey level, as each program tells them. Pillow and
tifffile know densities only, in the unit of the file: their µm/px is 25,400 over dots per inch,
whatever prints it; OpenSlide's is `openslide.mpp-x`. "-" is what a program does not say, "no" a
file that it does not open. A last column says where Lobule refuses, or what it tells of the scale.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from PIL import Image as PillowImage

from core.errors import ImageError
from core.imaging.read import read_image

SUFFIXES = {".tif", ".tiff", ".svs", ".png", ".bmp", ".jpg", ".jls", ".webp"}
UM_OF_UNIT = {2: 25_400.0, 3: 10_000.0, 4: 1_000.0, 5: 1.0}
LARGEST = 4096


class Facts(NamedTuple):
    """What one program says of one file."""

    width: int
    height: int
    um_per_px: float | None
    mean: float | None
    words: str = ""


def lobule(path: Path) -> Facts:
    """By our own reader; OpenSlide's refusals are words, too."""
    image = read_image(path)
    info = image.info
    words = "; ".join((*([info.scale_words] if info.scale_words else []), *info.notes))
    return Facts(info.width, info.height, info.um_per_px, float(image.pixels.mean()), words)


def tifffile(path: Path) -> Facts:
    """First page and its density."""
    from tifffile import TiffFile  # noqa: PLC0415

    with TiffFile(path) as tiff:
        page = tiff.pages[0]
        across = page.tags.valueof(282, 0)
        density = across[0] / (across[1] if len(across) > 1 else 1) if across else 0
        unit = UM_OF_UNIT.get(int(page.tags.valueof(296, 2)))
        values = page.asarray()
    scale = unit / density if unit and density else None
    return Facts(page.imagewidth, page.imagelength, scale, float(np.mean(values)))


def pillow(path: Path) -> Facts:
    """First frame and its density."""
    with PillowImage.open(path) as image:
        dots = image.info.get("dpi", (0,))[0]
        mean = float(np.mean(np.asarray(image.convert("RGB"))))
        return Facts(*image.size, 25_400 / float(dots) if dots else None, mean)


def openslide(path: Path) -> Facts:
    """Level 0 of a slide."""
    from openslide import OpenSlide  # noqa: PLC0415

    with OpenSlide(path) as slide:
        scale = slide.properties.get("openslide.mpp-x")
        mean = None
        if max(slide.dimensions) <= LARGEST:
            region = slide.read_region((0, 0), 0, slide.dimensions).convert("RGB")
            mean = float(np.mean(np.asarray(region)))
        return Facts(*slide.dimensions, float(scale) if scale else None, mean)


PROGRAMS: dict[str, Callable[[Path], Facts]] = {
    "Lobule": lobule,
    "tifffile": tifffile,
    "Pillow": pillow,
    "OpenSlide": openslide,
}


def main() -> None:
    """Print a line a file and program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("places", nargs="*", type=Path)
    default = [Path("../shared/cases"), Path("../shared/data/slides")]
    places = parser.parse_args().places or default
    print(f"{'file':34s}{'program':10s}{'size':>12s}{'µm/px':>10s}{'mean':>8s}")
    for path in sorted(file for place in places for file in place.iterdir()):
        if path.suffix.lower() not in SUFFIXES:
            continue
        for name, read in PROGRAMS.items():
            print(f"{path.name if name == 'Lobule' else '':34s}{name:10s}{told(read, path)}")


def told(read: Callable[[Path], Facts], path: Path) -> str:
    """Return the facts of one program in columns."""
    try:
        facts = read(path)
    except ImageError as error:
        return f"{'no':>12s}  {error}"
    except Exception:  # noqa: BLE001 - each library has errors of its own
        return f"{'no':>12s}"
    scale = "-" if facts.um_per_px is None else f"{facts.um_per_px:.4g}"
    mean = "-" if facts.mean is None else f"{facts.mean:.1f}"
    return f"{f'{facts.width}×{facts.height}':>12s}{scale:>10s}{mean:>8s}  {facts.words}".rstrip()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    main()
