"""The fonts that are installed on the computer, for letters that Lobule's own lack."""

import logging
from functools import cache
from pathlib import Path

log = logging.getLogger(__name__)

_OUTLINES = ("glyf", "CFF ")
_MAY_NOT_BE_EMBEDDED = 0x0002  # of OS/2 fsType, OpenType specification


@cache
def letters_of(file: Path) -> frozenset[int]:
    """Return the Unicode numbers of the letters that a font has."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - takes a while

    with TTFont(file, lazy=True, fontNumber=0) as font:
        return frozenset(font.getBestCmap() or ())


@cache
def system_font_with(letter: int) -> Path | None:
    """Return an installed font that has a letter and may be put into a file; None without one.

    Parameters
    ----------
    letter
        Its number in Unicode.
    """
    return next((file for file in _installed() if letter in _letters_if_usable(file)), None)


@cache
def _installed() -> tuple[Path, ...]:
    """Every installed font, upright ones of usual weight first, in an order that stays."""
    from matplotlib.font_manager import findSystemFonts  # noqa: PLC0415 - takes a while

    files = {Path(name) for name in findSystemFonts()}
    return tuple(sorted(files, key=lambda file: ("regular" not in file.stem.lower(), str(file))))


@cache
def _letters_if_usable(file: Path) -> frozenset[int]:
    """The letters of a font with outlines whose makers allow that documents carry it."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - takes a while

    try:
        with TTFont(file, lazy=True, fontNumber=0) as font:
            usable = any(table in font for table in _OUTLINES)
            forbidden = "OS/2" in font and font["OS/2"].fsType & _MAY_NOT_BE_EMBEDDED
        return letters_of(file) if usable and not forbidden else frozenset()
    except Exception:  # noqa: BLE001 - whatever a stranger's font file holds, others may do
        log.info("The font %s cannot be read", file)
        return frozenset()
