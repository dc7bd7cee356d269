"""The fonts of printed pages; whatever they lack is spelled out, so nothing is lost in print.

Fira Sans has Latin, Greek and Cyrillic letters. The fonts of the extra `fonts` have those of other
scripts (all are under the SIL Open Font License 1.1); for the rest, this computer's own fonts are
looked through. HarfBuzz joins and orders letters where their script asks for it.
"""

import importlib.util
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents.letters import JOINERS, spelled_out, visible
from core.documents.system_fonts import letters_of, system_font_with
from core.extras import how_to_install, is_installed

if TYPE_CHECKING:
    from fpdf import FPDF
    from fpdf.line_break import Fragment

FONT = "Fira Sans"
PAGES = 4 * "\ue000"
"""In a footer: the number of pages, of four digits at most. Letters for private use, which no
`printable` text holds."""
_MARGIN_MM = 14
# Of our own signs, what Fira Sans lacks, by what it has.
_LOOKALIKES = str.maketrans("▲⟨⟩", "∆‹›")
_CJK = "NotoSansCJKjp-Regular.otf"


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
    document.add_font(FONT, "", _own_font("Regular"))
    document.add_font(FONT, "B", _own_font("Bold"))
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
        for letter in visible(text).translate(_LOOKALIKES)
    ).translate(_LOOKALIKES)


def missing_fonts(text: str) -> str:
    """Return what to say of letters that are spelled out for want of the extra `fonts`; else ""."""
    if is_installed("fonts"):
        return ""
    lacking = {
        letter
        for letter in text
        if unicodedata.category(letter)[0] in "LM" and not _is_known(ord(letter))
    }
    if not lacking:
        return ""
    return (
        f"Letters such as {min(lacking)} are printed by their number, since no font here has them. "
        + how_to_install("fonts")
    )


def _is_known(letter: int) -> bool:
    return letter in letters_of(_own_font("Regular")) or _font_with(letter) is not None


@cache
def _font_with(letter: int) -> Path | None:
    """The first font beside Fira Sans that has a letter; None if this computer has none."""
    for file in _others():
        if letter in letters_of(file):
            return file
    return system_font_with(letter)


@cache
def _own_font(weight: str) -> Path:
    folder = _folder("fontpkg_fira_sans")
    if folder is None:
        raise ModuleNotFoundError("fontpkg-fira-sans is missing: install requirements.txt again.")
    return folder / "files" / f"FiraSans-{weight}.ttf"


@cache
def _others() -> tuple[Path, ...]:
    """The fonts of the extra, those of most scripts first; its packages are not imported."""
    noto, cjk = _folder("manimgx_fonts"), _folder("noto_cjk_sans_jp_regular")
    files = sorted(noto.glob("NotoSans[[]wght].ttf")) if noto else []
    files += sorted(noto.glob("NotoSans[A-Z]*.ttf")) if noto else []
    return (*files, *([cjk / _CJK] if cjk else []))


def _folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None
