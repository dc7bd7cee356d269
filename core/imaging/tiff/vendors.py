"""What the makers of scanners and programs write about the scale into TIFF tags."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from core.imaging.scale import (
    NOT_STATED,
    NUMBER,
    UM_OF_RESOLUTION_UNIT,
    UM_PER_INCH,
    UM_PER_MM,
    StatedScale,
    from_aspect,
    from_density,
    from_pixel_size,
    length_in_um,
    number,
    of_copy,
    um_of_unit,
    unusable,
)
from core.imaging.tiff.tags import density_of
from core.imaging.tiff.xml import parse

_APERIO_SIZE = re.compile(r"\bMPP[XY]?\s*[=:]\s*([^|;\r\n]*)", re.IGNORECASE)
_APERIO_DOWN = re.compile(r"\bMPPY\s*[=:]\s*([^|;\r\n]*)", re.IGNORECASE)
_APERIO_SCAN = re.compile(r"^[ \t]*\d+x\d+[^|;\r\n]*", re.MULTILINE)
_SIZE = re.compile(r"(?<!\()\b(\d+)x(\d+)")
_IMAGEJ_FIELD = re.compile(r"^(unit|yunit|xunit)=(.*)$", re.MULTILINE)
_NO_UNIT = {"", "pixel", "pixels", "px"}
_TWO = re.compile(rf"{NUMBER}[\"'\s\\,;]+{NUMBER}")
_ORIGINAL = re.compile(r"\bOriginal(?:Width|Height)\s*[=:]\s*(\d{1,9})", re.IGNORECASE)
_NEXT_FIELD = re.compile(r",\s*[A-Za-z].*")
_LONGEST_SPACING = 80
_SLIDE = "WSI"
_MAKERS_XML = re.compile(r"<(\w+:)?(OME|DataObject|scn|iScan)\b")
_START = 2000


@dataclass(frozen=True, slots=True)
class Facts:
    """What the tags of one page say, as far as scales are concerned."""

    index: int
    width: int
    height: int
    description: str = ""
    make: str = ""
    software: str = ""
    xmp: str = ""
    density: tuple[float, float] = (0.0, 0.0)
    """Pixels per unit across and down; 0 where they are not said."""
    unit: int = 2
    """The tag's number: 1 none, 2 inch, 3 cm, 4 mm, 5 µm."""


def page_scale(page: Facts, first: Facts) -> StatedScale:
    """Scale of a page: what its maker says, else what the density tags say.

    Parameters
    ----------
    page
        The page in question.
    first
        The file's first page, whose description may speak for all.
    """
    for read in _VENDORS:
        stated = read(page, first)
        if stated is not None and stated != NOT_STATED:
            return stated
    if any(_unread(text) for text in (page.description, first.description, page.xmp, first.xmp)):
        return unusable("describes itself in XML that is damaged or too long to be read")
    return density_of(*page.density, page.unit)


def _unread(text: str) -> bool:
    """Whether a text is a maker's XML, which no density may replace, but cannot be parsed."""
    start = text[:_START].lstrip("\ufeff\0 \r\n\t")
    return start[:1] == "<" and bool(_MAKERS_XML.search(start)) and parse(text) is None


def _aperio(page: Facts, first: Facts) -> StatedScale | None:
    text = page.description if _APERIO_SIZE.search(page.description) else first.description
    size = _APERIO_SIZE.search(text)
    if size is None:
        return None
    across = _aperio_length(size[1])
    size_down = _APERIO_DOWN.search(text)
    down = _aperio_length(size_down[1]) if size_down else across
    if across is None or down is None:
        return unusable(f"states 'MPP = {size[1].strip()[:40]}', which is not a number")
    return _of_aperio_copy(from_pixel_size(across, down), text, page)


def _aperio_length(text: str) -> float | None:
    # Programs that write the fields again may part them by commas.
    return length_in_um(_NEXT_FIELD.sub("", text), "µm")


def _of_aperio_copy(stated: StatedScale, description: str, page: Facts) -> StatedScale:
    """Scale of a page whose description may be of what it was made from.

    It reads `46000x32914 [0,100 46000x32893] (240x240) -> 2875x2056 JPEG/RGB`: the whole scan, the
    part of it that was taken, tiles, and what it was shrunk to. Programs that make copies leave it
    as it was.
    """
    scan = _APERIO_SCAN.search(description)
    if scan is None:
        original = [int(side) for side in _ORIGINAL.findall(description)]
        sides = (original[0], original[1]) if len(original) == 2 else (0, 0)  # noqa: PLR2004
        return of_copy(stated, sides, (page.width, page.height))
    if stated.um_per_px is None:
        return stated
    sizes = [(int(width), int(height)) for width, height in _SIZE.findall(scan[0])]
    taken = shown = sizes[-1]
    if "->" in scan[0] and len(sizes) > 1:
        taken = sizes[-2]
        stated = from_pixel_size(stated.um_per_px * taken[0] / max(shown[0], 1))
    return of_copy(stated, shown, (page.width, page.height))


def _philips(page: Facts, first: Facts) -> StatedScale | None:
    root = _root(page, "DataObject") or _root(first, "DataObject")
    if root is None:
        return None
    scans = [
        element for element in root.iter("DataObject") if _attribute(element, "PIM_DP_IMAGE_TYPE")
    ]
    slides = [scan for scan in scans if _attribute(scan, "PIM_DP_IMAGE_TYPE").strip() == _SLIDE]
    source = slides[0] if slides else root
    spacings = [
        element.text or "" for element in source.iter("Attribute") if _named(element, "SPACING")
    ]
    if not spacings:
        return NOT_STATED
    numbers = _TWO.search(spacings[0].strip()[:_LONGEST_SPACING])
    # DICOM gives the distance of rows first.
    sides = [number(value) for value in numbers.groups()[::-1]] if numbers else []
    if not sides or None in sides:
        return unusable(f"states a pixel spacing of {spacings[0].strip()[:40]!r}, not two numbers")
    stated = from_pixel_size(*(side * UM_PER_MM for side in sides if side is not None))
    return of_copy(stated, _philips_size(source), (page.width, page.height))


def _philips_size(source: Element) -> tuple[float, float]:
    """Columns and rows of the scan as its XML states them; 0 where it does not."""
    sizes = []
    for name in ("PIIM_PIXEL_DATA_REPRESENTATION_COLUMNS", "PIIM_PIXEL_DATA_REPRESENTATION_ROWS"):
        values = [
            attribute.text or ""
            for attribute in source.iter("Attribute")
            if attribute.get("Name") == name
        ]
        sizes.append((number(values[0]) if values else 0) or 0)
    return sizes[0], sizes[1]


def _named(element: Element, part: str) -> bool:
    return element.get("Name", "") == f"DICOM_PIXEL_{part}"


def _attribute(element: Element, name: str) -> str:
    """Text of an attribute of the element itself, not of those within it."""
    for child in element.findall("Attribute"):
        if child.get("Name") == name:
            return child.text or ""
    return ""


def _leica(page: Facts, first: Facts) -> StatedScale | None:
    root = _root(first, "scn")
    if root is None:
        return None
    for image in root.iter("image"):
        view, pixels = image.find("view"), image.find("pixels")
        if view is None or pixels is None:
            continue
        for level in list(pixels.iter("dimension")) or [pixels]:
            if level.get("ifd", "0") != str(page.index):
                continue
            sides = [
                (number(view.get(f"size{axis}", "")), number(level.get(f"size{axis}", "")))
                for axis in "XY"
            ]
            if all(length and count for length, count in sides):
                # Lengths are in nanometres.
                stated = from_pixel_size(*((of or 0) / 1000 / (px or 1) for of, px in sides))
                size = (sides[0][1] or 0, sides[1][1] or 0)
                return of_copy(stated, size, (page.width, page.height))
    return NOT_STATED


def leica_picture(first: Facts) -> int | None:
    """Index of the page with the finest scan of a Leica slide, whose macro picture comes first."""
    root = _root(first, "scn")
    finest: tuple[float, int] | None = None
    for image in root.iter("image") if root is not None else ():
        view, pixels = image.find("view"), image.find("pixels")
        if view is None or pixels is None:
            continue
        levels = [
            (int(number(level.get("sizeX", "")) or 0), int(number(level.get("ifd", "")) or 0))
            for level in pixels.iter("dimension")
            if level.get("z", "0") == "0" and level.get("c", "0") == "0"
        ]
        length = number(view.get("sizeX", ""))
        if levels and length and max(levels)[0]:
            width, index = max(levels)
            finest = min(finest or (length / width, index), (length / width, index))
    return finest[1] if finest else None


def _ventana(page: Facts, first: Facts) -> StatedScale | None:
    for text in (page.xmp, first.xmp):
        root = parse(text) if "iScan" in text else None
        scan = None if root is None else next(root.iter("iScan"), None)
        stated = None if scan is None else scan.get("ScanRes")
        if stated is None:
            continue
        um_per_px = length_in_um(stated, "µm")
        if um_per_px is None:
            return unusable(f"states 'ScanRes = {stated[:40]}', which is not a number")
        level = re.search(r"level=(\d+)", page.description)
        return from_pixel_size(um_per_px * 2 ** (int(level[1]) if level else 0))
    return None


def _imagej(page: Facts, first: Facts) -> StatedScale | None:
    if not first.description.startswith("ImageJ="):
        return None
    units = {name: value.strip() for name, value in _IMAGEJ_FIELD.findall(first.description)}
    across = units.get("unit") or units.get("xunit") or ""
    down = units.get("yunit") or across
    if across.casefold() in _NO_UNIT:
        return from_aspect(*page.density)
    sides = [um_of_unit(across), um_of_unit(down)]
    if None in sides:
        return unusable(
            f"states its scale in {across[:40]!r} as ImageJ writes it, which is not a unit of "
            "length"
        )
    if not min(page.density):
        return unusable(f"states the unit {across[:40]!r} as ImageJ writes it, but no resolution")
    if sides[0] == sides[1] == UM_PER_INCH:  # no unit of microscopes: ImageJ kept a print density
        return from_density(*page.density, UM_PER_INCH)
    lengths = ((um or 0) / density for um, density in zip(sides, page.density, strict=True))
    return from_pixel_size(*lengths)


def _hamamatsu(page: Facts, _: Facts) -> StatedScale | None:
    if "hamamatsu" not in f"{page.make} {page.software}".casefold():
        return None
    um = UM_OF_RESOLUTION_UNIT.get(page.unit)
    if um is None:
        return None
    # The scanner writes pixels per centimetre, of overviews too.
    return from_density(*page.density, um, printed=um == UM_PER_INCH)


def _root(first: Facts, name: str) -> Element | None:
    if name not in first.description[:2000]:
        return None
    root = parse(first.description)
    return root if root is not None and root.tag == name else None


_VENDORS: tuple[Callable[[Facts, Facts], StatedScale | None], ...] = (
    *(_aperio, _philips, _leica, _ventana, _imagej, _hamamatsu),
)
