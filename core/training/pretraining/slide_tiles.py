"""Tiles of slides to pretrain on: where there is tissue, at a stated scale."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.atomic import whole_file
from core.datasets.records import UNKNOWN_SOURCE, Dataset, Record, table
from core.errors import DatasetError, SlideError, Stopped
from core.imaging.tiles import tile_grid
from core.imaging.tissue import tissue_mask
from core.rights import Deed, require
from core.roots import refuse_outside
from core.settings import get_settings
from core.slides.roots import slides_in
from core.slides.slide import Slide, open_slide
from core.training.pretraining.squares import Squares
from core.training.watch import Watch

MOST_TILES = 20_000
"""Of all slides together; of more, some are drawn."""
LEAST_TISSUE = 0.5
_OVERVIEW = 2_048  # px, of the longer side
_VERSION = 1


def slide_squares(path: Path, side: int, um_per_px: float, watch: Watch) -> Squares:
    """Cut a slide, or those in a folder, into tiles that show tissue; kept under LOBULE_HOME.

    Parameters
    ----------
    path : Path
    side : int
        Of the tiles, px.
    um_per_px : float
        Of the tiles.
    watch : Watch

    Raises
    ------
    SlideError
        If one cannot be opened or read, or does not state its scale.
    DatasetError
        If there is no slide, no tissue, or no room.
    Stopped
        If the watch is cancelled.
    """
    require(Deed.OPEN_DATA)
    refuse_outside(path)
    files = slides_in(path) if path.is_dir() else [path]
    places, prints = [], []
    for number, file in enumerate(files):
        with open_slide(file) as slide:
            prints.append(slide.info.fingerprint)
            places += [(number, x, y) for x, y in _places(slide, side * um_per_px)]
        watch.stage("Finding tissue", (number + 1) / len(files))
    if not places:
        raise DatasetError(
            f"There is no slide with tissue in {path}. Give a slide, or a folder with slides."
        )
    drawn = np.random.default_rng(0).permutation(len(places))[:MOST_TILES]
    places = [places[row] for row in sorted(drawn)]
    content = f"{_VERSION} {side} {um_per_px!r} {MOST_TILES} {' '.join(prints)}"
    fingerprint = hashlib.sha256(content.encode()).hexdigest()
    cache_file = get_settings().cache / f"{fingerprint[:32]}-slides-{side}.npy"
    if not cache_file.exists():
        _write(cache_file, files, places, side, um_per_px, watch)
    records = table(
        Record(f"{files[number].name}/{x:.0f},{y:.0f}", files[number].name, files[number].name, 0)
        for number, x, y in places
    )
    folder = path if path.is_dir() else path.parent
    name = f"slides in {path.name}" if path.is_dir() else path.name
    dataset = Dataset(name, folder, ("tile",), records, UNKNOWN_SOURCE, patients_known=False)
    return Squares(dataset, fingerprint, np.load(cache_file, mmap_mode="r"), 1, um_per_px)


def _places(slide: Slide, field_um: float) -> Iterator[tuple[float, float]]:
    """Where tiles lie that show tissue, x and y in pixels of the finest level."""
    info = slide.info
    if info.um_per_px is None:
        raise SlideError(
            f"{info.name} {info.scale_words or 'does not state its scale'}, so no tile of a stated "
            "scale can be cut. Leave it out."
        )
    field = max(1, round(field_um / info.um_per_px))
    overview = slide.thumbnail(_OVERVIEW)
    tissue = tissue_mask(overview).astype(np.float32)
    factor = overview.shape[1] / info.width
    grid = tile_grid(info.height, info.width, field, field)
    shown = max(1, round(field * factor))
    # Of each pixel of the overview, how much of a tile that begins there is tissue.
    share = cv2.boxFilter(tissue, -1, (shown, shown), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    for y, x in grid.origins:
        row = min(int(y * factor), share.shape[0] - 1)
        column = min(int(x * factor), share.shape[1] - 1)
        if share[row, column] >= LEAST_TISSUE:
            yield float(x), float(y)


def _write(
    cache_file: Path,
    files: list[Path],
    places: list[tuple[int, float, float]],
    side: int,
    um_per_px: float,
    watch: Watch,
) -> None:
    cache_file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with whole_file(cache_file) as file:
            about = {
                "descr": "|u1",
                "fortran_order": False,
                "shape": (len(places), side, side, 3),
            }
            np.lib.format.write_array_header_1_0(file, about)
            for done, tile in enumerate(_tiles(files, places, side, um_per_px), start=1):
                file.write(np.ascontiguousarray(tile).tobytes())
                watch.stage("Cutting tiles", done / len(places))
                if watch.cancelled():
                    raise Stopped("Stopped while tiles were cut. Start it again.")
    except OSError as error:
        raise DatasetError(
            f"Tiles ({len(places) * side**2 * 3 / 1e6:.0f} MB) could not be written to "
            f"{cache_file.parent}: {error.strerror}. Free some space or set LOBULE_HOME to "
            "another disk."
        ) from error


def _tiles(
    files: list[Path], places: list[tuple[int, float, float]], side: int, um_per_px: float
) -> Iterator[NDArray[np.uint8]]:
    for number, file in enumerate(files):
        corners = [(x, y) for slide_number, x, y in places if slide_number == number]
        if not corners:
            continue
        with open_slide(file) as slide:
            assert slide.info.um_per_px is not None  # noqa: S101 - refused before
            field = side * um_per_px / slide.info.um_per_px
            for x, y in corners:
                yield slide.read(x, y, field, field, (side, side))
