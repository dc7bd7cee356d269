"""The scale of a slide in a TIFF file, by the same rules as that of a small picture."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from core.imaging.scale import NOT_STATED, StatedScale
from core.imaging.tiff.header import facts_of
from core.imaging.tiff.ome import picture_of, read_ome
from core.imaging.tiff.vendors import page_scale
from core.slides.source import Level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tifffile import TiffFile, TiffPage


def scale_of_tiff(file: "TiffFile", page: "TiffPage") -> StatedScale:
    """Return what is said of the scale of a page, by its maker, OME-XML or density."""
    first = facts_of(cast("TiffPage", file.pages[0]), 0)
    facts = facts_of(page, page.index)
    images = read_ome(first.description) if "<" in first.description[:9] else None
    ome = picture_of(images) if images else None
    stated = ome.scale_of(page.imagewidth, page.imagelength) if ome else NOT_STATED
    return page_scale(facts, first) if stated == NOT_STATED else stated


def scale_of_page(path: Path, level: Level) -> StatedScale:
    """Return what a file says of the scale of its page of this size."""
    from tifffile import TiffFile  # noqa: PLC0415 - takes a while

    try:
        with TiffFile(path, _multifile=False) as file:
            for page in cast("Iterable[TiffPage]", file.pages):
                if (page.imagewidth, page.imagelength) == (level.width, level.height):
                    return scale_of_tiff(file, page)
    except Exception:  # noqa: BLE001 - what OpenSlide reads may be damaged for others
        return NOT_STATED
    return NOT_STATED
