"""The fonts that are installed on the computer, for letters that Lobule's own lack."""

import logging
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

log = logging.getLogger(__name__)

_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
_OUTLINES = {"glyf", "CFF "}
_NEEDED = {"head", "hhea", "hmtx", "maxp", "name", "OS/2", "post"}  # by who writes the document
_PLACEHOLDERS = ("lastresort", "adobeblank")  # a box or nothing for every letter there is
_MAY_NOT_BE_EMBEDDED = 0x0002  # of OS/2 fsType, OpenType specification


@cache
def letters_of(file: Path) -> frozenset[int]:
    """Return the Unicode numbers of the letters that a font has."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - takes a while

    with TTFont(file, lazy=True, fontNumber=0) as font:
        return _letters(font)


def _letters(font: "TTFont") -> frozenset[int]:
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
    files = {
        Path(folder, name)
        for top in _folders()
        for folder, _, names in os.walk(top)
        for name in names
        if name.lower().endswith(_SUFFIXES) and not name.lower().startswith(_PLACEHOLDERS)
    }
    return tuple(sorted(files, key=lambda file: ("regular" not in file.stem.lower(), str(file))))


def _folders() -> list[Path]:
    """Where this system keeps fonts: for everybody and for this user."""
    home = Path.home()
    if sys.platform == "win32":
        of_user = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
        return [
            Path(os.environ.get("WINDIR", r"C:\Windows"), "Fonts"),
            of_user / "Microsoft/Windows/Fonts",
        ]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    # XDG Base Directory Specification, and where fonts were before it.
    of_user = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    folders = [*map(Path, shared.split(":")), of_user]
    return [*(folder / "fonts" for folder in folders), home / ".fonts"]


@cache
def _letters_if_usable(file: Path) -> frozenset[int]:
    """The letters of a font with outlines whose makers allow that documents carry it."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - takes a while

    try:
        with TTFont(file, lazy=True, fontNumber=0) as font:
            tables = set(font.keys())
            usable = tables >= _NEEDED and tables & _OUTLINES
            allowed = usable and not font["OS/2"].fsType & _MAY_NOT_BE_EMBEDDED
            return _letters(font) if allowed else frozenset()
    except Exception:  # noqa: BLE001 - whatever a stranger's font file holds, others may do
        log.info("The font %s cannot be read", file)
        return frozenset()
