"""The fonts of printed pages; whatever they lack is spelled out, so nothing is lost in print.

DejaVu Sans (Bitstream Vera licence; it comes with Matplotlib) has Latin, Greek, Cyrillic, Arabic,
Hebrew, Armenian and Georgian letters and most symbols. The others (SIL Open Font License 1.1) have
those of Indian and East Asian scripts; for the rest, this computer's own fonts are looked through.
HarfBuzz joins and orders letters where their script asks for it.
"""

import importlib.util
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents.letters import JOINERS, spelled_out, visible
from core.documents.system_fonts import letters_of, system_font_with

if TYPE_CHECKING:
    from fpdf import FPDF
    from fpdf.line_break import Fragment

FONT = "DejaVu Sans"
PAGES = 4 * "\ue000"
"""In a footer: the number of pages, of four digits at most. Letters for private use, which no
`printable` text holds."""
_MARGIN_MM = 14
_OTHERS = (
    ("fontpkg_noto_sans_devanagari", "NotoSansDevanagari[wdth,wght].ttf"),
    ("fontpkg_hind_siliguri", "HindSiliguri-Regular.ttf"),
    ("fontpkg_noto_sans_tamil", "NotoSansTamil[wdth,wght].ttf"),
    ("fontpkg_noto_sans_telugu", "NotoSansTelugu[wdth,wght].ttf"),
    ("fontpkg_noto_sans_thai", "NotoSansThai[wdth,wght].ttf"),
    ("fontpkg_noto_sans_khmer", "NotoSansKhmer[wdth,wght].ttf"),
    ("noto_cjk_sans_jp_regular", "NotoSansCJKjp-Regular.otf"),
)


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
        Goes into the file, so that the same content gives the same bytes on the same computer.
    footer
        Writes at the foot of each page, once it is full.
    """
    from fpdf import FPDF  # noqa: PLC0415 - takes a while
    from fpdf.fonts import TTFFont  # noqa: PLC0415

    class Document(FPDF):
        def footer(self) -> None:
            if footer:
                footer(self)

        def get_fallback_font(self, char: str, style: str = "") -> str | None:
            # Reading a font takes a while: each is read once a letter asks for it.
            del style
            file = _font_with(ord(char))
            if file is None:
                return None
            family = f"rest {str(file).lower()}"  # two files may have one name
            if family not in self.fonts:
                self.add_font(family, "", file)
                rest.append(family)
                self.set_fallback_fonts(rest, exact_match=False)
            return family

        def _parse_chars(self, *text: Any, **settings: Any) -> Iterator["Fragment"]:
            return joined(super()._parse_chars(*text, **settings))

    rest: list[str] = []
    document = Document(orientation="portrait", unit="mm", format="A4")
    document.add_font(FONT, "", _dejavu("DejaVuSans.ttf"))
    document.add_font(FONT, "B", _dejavu("DejaVuSans-Bold.ttf"))
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


def joined(fragments: "Iterable[Fragment]") -> Iterator["Fragment"]:
    """Keep joiners with the letters that they join.

    They are in every font, so that fpdf would take them from another one than the letters, whose
    joined forms HarfBuzz could not find then.

    Parameters
    ----------
    fragments
        Runs of letters of one font each, in order.
    """
    last: Fragment | None = None
    at_joiner = False
    for fragment in fragments:
        if last and fragment.characters and JOINERS.issuperset(fragment.characters):
            last.characters += fragment.characters
            at_joiner = True
        elif last and at_joiner and fragment.font is last.font:
            last.characters += fragment.characters
            at_joiner = False
        else:
            if last:
                yield last
            last, at_joiner = fragment, False
    if last:
        yield last


def printable(text: str) -> str:
    """Return text in which each letter that no font has, or nobody sees, is spelled out."""
    return "".join(
        letter if letter in JOINERS or _is_known(ord(letter)) else spelled_out(letter)
        for letter in visible(text)
    )


def _is_known(letter: int) -> bool:
    return letter in letters_of(_dejavu("DejaVuSans.ttf")) or _font_with(letter) is not None


@cache
def _font_with(letter: int) -> Path | None:
    """The first font beside DejaVu Sans that has a letter; None if this computer has none."""
    for file in _others():
        if letter in letters_of(file):
            return file
    return system_font_with(letter)


@cache
def _dejavu(name: str) -> Path:
    return _folder("matplotlib") / "mpl-data" / "fonts" / "ttf" / name


@cache
def _others() -> tuple[Path, ...]:
    """The fonts beside DejaVu Sans; their packages are found without being imported."""
    folders = [_folder(package) for package, _ in _OTHERS]
    return tuple(
        (folder / "files" if (folder / "files").is_dir() else folder) / name
        for folder, (_, name) in zip(folders, _OTHERS, strict=True)
    )


def _folder(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"No package {package}: install requirements.txt again.")
    return Path(found.origin).parent
