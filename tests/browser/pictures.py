"""Pictures of pages, small enough to be kept in the repository."""

from io import BytesIO
from pathlib import Path
from typing import cast

from PIL import Image
from playwright.sync_api import Page

MOST_BYTES = 400_000
OF_THE_PAGE = 40  # colours


def keep(page: Page, path: Path) -> None:
    """Save the view with a palette of 256 colours, a quarter of the size.

    The commonest colours, those of the page itself, stay as they are. Maximum coverage keeps the
    few pixels of the colour bar, which a median cut gives away.
    """
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    colours = sorted(picture.getcolors(picture.width * picture.height) or [], reverse=True)
    common = [part for _, colour in colours[:OF_THE_PAGE] for part in cast("tuple[int]", colour)]
    others = picture.quantize(256 - OF_THE_PAGE, method=Image.Quantize.MAXCOVERAGE).getpalette()
    palette = Image.new("P", (1, 1))
    palette.putpalette(common + (others or []))
    reduced = picture.quantize(palette=palette, dither=Image.Dither.NONE)
    reduced.save(path, optimize=True)
    assert path.stat().st_size < MOST_BYTES
