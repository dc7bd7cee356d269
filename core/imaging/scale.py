"""Micrometres per pixel: what counts as a scale, in whatever unit and spelling it is written."""

import html
import math
import re
import unicodedata
from dataclasses import dataclass, replace

UM_PER_INCH = 25_400.0
UM_PER_CM = 10_000.0
UM_PER_MM = 1_000.0
UM_PER_METRE = 1_000_000.0
UM_OF_RESOLUTION_UNIT = {2: UM_PER_INCH, 3: UM_PER_CM, 4: UM_PER_MM, 5: 1.0}
"""Units of the TIFF tag ResolutionUnit, which EXIF has too; 1 is none."""
PRINT_UNITS = frozenset({UM_PER_INCH, UM_PER_CM})
"""In which the density of a printed page is given, µm."""
OBJECTIVES = {"4×": 2.5, "10×": 1.0, "20×": 0.5, "40×": 0.25}
"""µm/px at which scanners and cameras usually record with an objective."""
LOWEST, HIGHEST = 0.05, 20.0
"""The range of scales, µm/px, between those of an oil-immersion objective with a fine camera and
of a slide overview. It holds for files, forms, options and manifests alike."""

TOLERANCE = 1.1
"""By which factor two statements of one scale may differ: nominal 0.5 µm/px is 0.46 as measured."""
SIZE_ALONE = "has the size of an IDC patch of 200 µm"
"""Said of a file, after "The file", whose scale follows from its size and nothing else."""
_MOST_UNEQUAL = 1.01
_SAME_SHAPE, _SQUARE, _RESIZED = 1.02, 1.02, 1.2
# Printers and scanners work at 72 to 4800 dots per inch, whatever the picture shows.
_HIGHEST_PRINT_DENSITY = 4800.0
_ROUNDING = 1.0005
_NOT_SQUARE = "not square"
NUMBER = r"([+-]?(?:\d+(?:[.,]\d+)*|[.,]\d+)\.?(?:[eE][+-]?\d+)?)"
"""A number with a decimal point or comma, as makers write it; not more than one way to match."""
_WITH_UNIT = re.compile(rf"{NUMBER}\s*([^\d\s.,|].*)?")
_LONGEST_LENGTH = 80
_OBJECTIVES = {2.5: 4.0, 4.0: 2.5, 5.0: 2.0, 10.0: 1.0, 20.0: 0.5, 40.0: 0.25, 63.0: 0.16}
_OBJECTIVES |= {1.25: 8.0, 60.0: 0.17, 100.0: 0.1}

_PREFIXES = {"": 1e6, "k": 1e9, "h": 1e8, "da": 1e7, "d": 1e5, "c": 1e4, "m": 1e3, "µ": 1.0}
_PREFIXES |= {"u": 1.0, "n": 1e-3, "p": 1e-6, "f": 1e-9, "a": 1e-12, "M": 1e12, "G": 1e15}
_NAMES = {"": 1e6, "kilo": 1e9, "hecto": 1e8, "deca": 1e7, "deci": 1e5, "centi": 1e4, "milli": 1e3}
_NAMES |= {"micro": 1.0, "nano": 1e-3, "pico": 1e-6, "femto": 1e-9}
_UM_OF_SYMBOL = {f"{prefix}m": um for prefix, um in _PREFIXES.items()}
_UM_OF_SYMBOL |= {"Å": 1e-4, "A": 1e-4, "in": UM_PER_INCH, '"': UM_PER_INCH, "″": UM_PER_INCH}
_UM_OF_SYMBOL |= {"µ": 1.0, "thou": 25.4, "mil": 25.4, "pt": UM_PER_INCH / 72, "ft": 304_800.0}
_UM_OF_SYMBOL |= {"li": UM_PER_INCH / 12, "yd": 914_400.0}
_UM_OF_NAME = {
    f"{prefix}{word}": um for prefix, um in _NAMES.items() for word in ("meter", "metre")
}
_UM_OF_NAME |= {"micron": 1.0, "um": 1.0, "mikron": 1.0, "mikrometer": 1.0, "inch": UM_PER_INCH}
_UM_OF_NAME |= {"inche": UM_PER_INCH, "angstrom": 1e-4, "ångström": 1e-4, "ångstrom": 1e-4}
_UM_OF_NAME |= {
    "мкм": 1.0,
    "микрон": 1.0,
    "мм": 1e3,
    "нм": 1e-3,
    "微米": 1.0,
    "毫米": 1e3,
    "纳米": 1e-3,
}
_UM_OF_NAME |= {
    "マイクロメートル": 1.0,
    "마이크로미터": 1.0,
    "micromètre": 1.0,
    "micra": 1.0,
    "micrón": 1.0,
}
_UM_OF_NAME |= {"foot": 304_800.0, "point": UM_PER_INCH / 72}
# The micro sign is often the Greek letter, or UTF-8 that was read as Latin-1.
_MICRO = {"μ": "µ", "Âµ": "µ", "Î¼": "µ", "\\u00b5": "µ", "\\u03bc": "µ", "&micro;": "µ"}


@dataclass(frozen=True, slots=True)
class StatedScale:
    """What a file says of its scale."""

    um_per_px: float | None = None
    """Micrometres per pixel; None if nothing usable is said."""
    words: str = ""
    """Why what is said cannot be used, as a clause after "The file"; empty if it can, or if nothing
    is said at all."""
    square: bool = True
    """Whether pixels are square, as far as the file says."""
    contradicted_by: float | None = None
    """Another scale, µm/px, that the file states elsewhere; None if nothing in it disagrees."""


NOT_STATED = StatedScale()


def first_usable(*statements: StatedScale) -> StatedScale:
    """Of what a file states in several places the first that can be used, else the first at all."""
    usable = [stated for stated in statements if stated.um_per_px is not None]
    stated_scales = [stated for stated in statements if stated != NOT_STATED]
    return compared((usable or stated_scales or [NOT_STATED])[0], *usable)


def compared(stated: StatedScale, *others: StatedScale) -> StatedScale:
    """Note the first of what the file states elsewhere that is another scale."""
    if stated.um_per_px is None:
        return stated
    for other in others:
        if other.um_per_px is not None and not agree(stated.um_per_px, other.um_per_px):
            return replace(stated, contradicted_by=other.um_per_px)
    return stated


def unusable(words: str, *, square: bool = True) -> StatedScale:
    """Return the scale of a file that states one which cannot be used."""
    return StatedScale(None, words, square)


def from_pixel_size(across: float, down: float | None = None) -> StatedScale:
    """Scale from the sides of a pixel, µm; without the second, pixels are taken to be square."""
    down = across if down is None else down
    if not (math.isfinite(across) and math.isfinite(down) and min(across, down) > 0):
        return unusable(f"states a pixel of {across:g} × {down:g} µm, which is not a size")
    if max(across, down) > min(across, down) * _MOST_UNEQUAL:
        return unusable(f"states pixels of {across:g} × {down:g} µm, {_NOT_SQUARE}", square=False)
    if not plausible(across):
        return unusable(
            f"states {across:g} µm/px, which no microscope has ({LOWEST:g} to {HIGHEST:g} µm/px)"
        )
    return StatedScale(across)


def from_density(
    across: float, down: float, unit_um: float, *, printed: bool = True
) -> StatedScale:
    """Scale from pixels per unit of length.

    Parameters
    ----------
    across, down
        Pixels per unit.
    unit_um
        The unit, µm.
    printed
        Whether the unit is one in which the density of a printed page is given. Then 4800 dots per
        inch and less say nothing of the specimen.
    """
    if not (math.isfinite(across) and math.isfinite(down) and min(across, down) > 0):
        return NOT_STATED
    sides = unit_um / across, unit_um / down
    lowest = UM_PER_INCH / max(sides)
    if printed and lowest <= _HIGHEST_PRINT_DENSITY * _ROUNDING:
        shape = from_aspect(across, down)
        if max(sides) > HIGHEST or not shape.square:
            return shape
        return unusable(f"states {lowest:.0f} dots per inch, as for print, which is not a scale")
    return from_pixel_size(*sides)


def from_aspect(across: float, down: float) -> StatedScale:
    """What pixels per length, of a length that is not known, say: whether pixels are square."""
    if not (math.isfinite(across) and math.isfinite(down) and min(across, down) > 0):
        return NOT_STATED
    if max(across, down) <= min(across, down) * _MOST_UNEQUAL:
        return NOT_STATED
    return unusable(
        f"states pixels that are {across / down:.3g} times as high as wide, {_NOT_SQUARE}",
        square=False,
    )


def plausible(um_per_px: float) -> bool:
    """Whether a microscope can have this scale, within rounding."""
    return LOWEST / _ROUNDING <= um_per_px <= HIGHEST * _ROUNDING


def agree(first: float, second: float) -> bool:
    """Whether two scales are one, within what is usual for nominal ones."""
    return max(first, second) <= min(first, second) * TOLERANCE


def why_implausible(um_per_px: float) -> str | None:
    """End a sentence on a number that somebody gave, asking back; None if it is a scale."""
    if math.isfinite(um_per_px) and plausible(um_per_px):
        return None
    words = f"must be from {LOWEST:g} to {HIGHEST:g} µm/px"
    likely = _OBJECTIVES.get(um_per_px) if um_per_px > HIGHEST else None
    return words + (f": did you mean {um_per_px:g}×, {likely:g} µm/px?" if likely else ".")


def um_of_unit(text: str) -> float | None:
    """Micrometres of a unit of length in any usual spelling; None if it is none."""
    text = html.unescape(html.unescape(text))
    text = unicodedata.normalize("NFKC", text.replace("″", '"')).strip(" .()[]")
    for wrong, right in _MICRO.items():
        text = re.sub(re.escape(wrong), right, text, flags=re.IGNORECASE)
    if text in _UM_OF_SYMBOL:
        return _UM_OF_SYMBOL[text]
    name = re.sub(r"[\s_-]|(/|per)\s*(px|pixel)$", "", text.casefold().replace("μ", "µ"))
    name = name.replace("µm", "um").replace("µ", "micro")
    for word in (name, name.removesuffix("s")):
        if word in _UM_OF_NAME:
            return _UM_OF_NAME[word]
        if word in _UM_OF_SYMBOL:
            return _UM_OF_SYMBOL[word]
    return None


def number(text: str) -> float | None:
    """Read a number, with a decimal point or a decimal comma; None if it is none."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def length_in_um(text: str, unit: str) -> float | None:
    """Micrometres of a number; None if it is none, or its unit is no length.

    Parameters
    ----------
    text
        A number, with or without a unit behind it: "0,25", "250 nm".
    unit
        Unit of numbers that have none.
    """
    parts = _WITH_UNIT.fullmatch(text.strip()) if len(text) <= _LONGEST_LENGTH else None
    value = number(parts[1]) if parts else None
    um = um_of_unit((parts and parts[2]) or unit)
    return None if value is None or um is None else value * um


def of_copy(stated: StatedScale, source: tuple[float, float], page: tuple[int, int]) -> StatedScale:
    """Scale of a copy that keeps what was stated of its original.

    Parameters
    ----------
    stated
        Scale of the original.
    source, page
        Width and height of the original and of the copy, pixels. A copy of another shape is a part
        that was cut out, and has the original's scale; of a square one it cannot be told whether it
        was cut out or made smaller.
    """
    if stated.um_per_px is None or min(source) < 1:
        return stated
    across, down = source[0] / page[0], source[1] / page[1]
    if max(across, down) > min(across, down) * _SAME_SHAPE or 1 / _RESIZED < across < _RESIZED:
        return stated
    if max(page) <= min(page) * _SQUARE:
        return unusable(
            f"states {stated.um_per_px:g} µm/px for {source[0]:.0f}×{source[1]:.0f} px but "
            f"has {page[0]}×{page[1]}, so it was cropped or shrunk"
        )
    return from_pixel_size(stated.um_per_px * across)
