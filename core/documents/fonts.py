"""The fonts of printed pages; whatever they lack is spelled out, so nothing is lost in print.

DejaVu Sans (Bitstream Vera licence; it comes with Matplotlib) has Latin, Greek, Cyrillic, Arabic,
Hebrew, Armenian and Georgian letters and most symbols. Noto Sans CJK (SIL Open Font License 1.1)
has Chinese, Japanese and Korean ones. HarfBuzz joins and orders letters where their script asks
for it.
"""

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.documents.letters import spelled_out, visible

if TYPE_CHECKING:
    from fpdf import FPDF

FONT = "DejaVu Sans"
PAGES = 4 * "\ue000"
"""In a footer: the number of pages, of four digits at most. Letters for private use, which no
`printable` text holds."""
_REST = "Noto Sans CJK"
_MARGIN_MM = 14


@contextmanager
def new_document(
    title: str, created: datetime, footer: "Callable[[FPDF], None] | None" = None
) -> Iterator["FPDF"]:
    """Yield an empty A4 document, upright, with the fonts in place; afterwards it is closed.

    Parameters
    ----------
    title
        What readers of the file show as its title.
    created
        Goes into the file, so that the same content always gives the same bytes.
    footer
        Writes at the foot of each page, once it is full.
    """
    from fpdf import FPDF  # noqa: PLC0415 - takes a while
    from fpdf.fonts import TTFFont  # noqa: PLC0415

    class Document(FPDF):
        def footer(self) -> None:
            if footer:
                footer(self)

    document = Document(orientation="portrait", unit="mm", format="A4")
    regular, bold, rest = _files()
    document.add_font(FONT, "", regular)
    document.add_font(FONT, "B", bold)
    document.add_font(_REST, "", rest)
    document.set_fallback_fonts([_REST], exact_match=False)
    document.set_text_shaping(use_shaping_engine=True)
    document.alias_nb_pages(PAGES)
    document.set_margins(_MARGIN_MM, _MARGIN_MM)
    document.set_auto_page_break(auto=True, margin=_MARGIN_MM)
    document.set_title(printable(title))
    document.set_creation_date(created)
    document.set_font(FONT, size=9)
    try:
        yield document
    finally:
        for font in document.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()


def printable(text: str) -> str:
    """Return text in which each letter that no font has, or nobody sees, is spelled out."""
    known = _letters()
    return "".join(
        letter if ord(letter) in known else spelled_out(letter) for letter in visible(text)
    )


@cache
def _letters() -> frozenset[int]:
    """Every letter that the fonts have; what only joins or separates letters counts too."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - takes a while

    regular, _, rest = _files()
    found: set[int] = {0x200C, 0x200D}
    for file in (regular, rest):
        with TTFont(file, lazy=True) as font:
            found |= font.getBestCmap().keys()
    return frozenset(found)


@cache
def _files() -> tuple[Path, Path, Path]:
    """The files of the fonts; their packages are found without being imported."""
    matplotlib = _folder("matplotlib") / "mpl-data" / "fonts" / "ttf"
    return (
        matplotlib / "DejaVuSans.ttf",
        matplotlib / "DejaVuSans-Bold.ttf",
        _folder("noto_cjk_sans_jp_regular") / "NotoSansCJKjp-Regular.otf",
    )


def _folder(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"No package {package}: install requirements.txt again.")
    return Path(found.origin).parent
