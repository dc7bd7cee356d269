"""What the pages of a TIFF slide say of their tiles, checked before any library believes it.

OpenSlide asks for as much memory as a tile declares, and ends the program where it gets none.
"""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from core.errors import SlideError
from core.slides.source import MOST_PIECE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tifffile import TiffPage

_TILE_WIDTH, _OFFSETS, _COUNTS = 322, 324, 325
_SEPARATE = 2


def check_pages(path: Path) -> None:
    """Check all tiled pages of a file.

    Raises
    ------
    SlideError
        As `check_page` and `check_filled`.
    Exception
        Of any kind if the file is damaged.
    """
    from tifffile import TiffFile  # noqa: PLC0415 - takes a while

    with TiffFile(path, _multifile=False) as file:
        pages = list(cast("Iterable[TiffPage]", file.pages))
        for page in pages:
            check_page(page, path.name)
        check_filled(max(pages, key=lambda page: page.imagewidth * page.imagelength), path.name)


def check_page(page: "TiffPage", name: str) -> None:
    """Check that the tiles of a page are of a size that can be, and that they cover it.

    Raises
    ------
    SlideError
        If they are or do not.
    """
    # Pages that repeat an earlier one have its sizes, and no tags of their own.
    if _TILE_WIDTH not in getattr(page, "tags", ()):
        return
    width, height, across, down = (
        page.imagewidth, page.imagelength, page.tilewidth, page.tilelength
    )  # fmt: skip
    if min(width, height, across, down) < 1:
        raise SlideError(
            f"{name} is damaged: a picture in it declares {width:,}×{height:,} px in tiles of "
            f"{across:,}×{down:,} px. Copy it again from the scanner."
        )
    if across * down > MOST_PIECE:
        raise SlideError(
            f"{name} is stored in tiles of {across:,}×{down:,} px, too large to be read region by "
            "region. Export it as a tiled, pyramidal TIFF."
        )
    planes = page.samplesperpixel if page.planarconfig == _SEPARATE else 1
    needed = -(-width // across) * -(-height // down) * planes
    tables = [page.tags.get(code) for code in (_OFFSETS, _COUNTS)]
    listed = min(0 if tag is None else tag.count for tag in tables)
    if listed < needed:
        raise SlideError(
            f"{name} is damaged: {width:,}×{height:,} px need {needed:,} tiles of "
            f"{across:,}×{down:,} px, and it tells of {listed:,}. Copy it again from the scanner."
        )


def check_filled(page: "TiffPage", name: str) -> None:
    """Check that any tile of a page, or strip, holds something.

    Raises
    ------
    SlideError
        If none does.
    """
    counts = page.databytecounts
    if not any(counts):
        raise SlideError(
            f"{name} holds no picture: all of its {len(counts):,} tiles are empty. Copy it again "
            "from the scanner, or wait until the copy is done."
        )
