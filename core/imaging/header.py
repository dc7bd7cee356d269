"""What the decoder needs to know of a file, its µm/px, and the errors for damaged files."""

import re
from dataclasses import dataclass

from core.errors import ImageError

UM_PER_INCH = 25_400.0
UM_PER_CM = 10_000.0
UM_PER_METRE = 1_000_000.0
LOWEST, HIGHEST = 0.05, 20.0
"""Scales between those of an oil-immersion objective with a fine camera and of a slide overview."""

_MOST_UNEQUAL = 1.01
_OME_SIZE = re.compile(r'PhysicalSizeX="([\d.eE+-]+)"')
_OME_UNIT = re.compile(r'PhysicalSizeXUnit="([^"]+)"')
_APERIO_SIZE = re.compile(r"\bMPP\s*=\s*([\d.]+)")
_IMAGEJ_UNIT = re.compile(r"^unit=(?:micron|um|µm|\\u00B5m)s?$", re.MULTILINE)
_UM_OF_UNIT = {"µm": 1.0, "um": 1.0, "nm": 1e-3, "mm": 1e3}


@dataclass(frozen=True, slots=True)
class Header:
    """The declarations of an image file."""

    format: str
    """ "PNG", "JPEG", "TIFF", "BMP" or "WEBP"."""
    width: int
    """Pixels as stored, before the orientation is applied."""
    height: int
    bit_depth: int
    """Bits per channel as stored."""
    picture: bytes
    """The file with nothing in it but what draws the (first) picture. Text, EXIF and further pages
    are left out, so that damage there can neither stop nor slow the decoder."""
    pages: int = 1
    orientation: int = 1
    """EXIF orientation, 1 to 8."""
    um_per_px: float | None = None
    """Micrometres per pixel, where stated credibly."""
    white_is_zero: bool = False
    """Whether 16-bit grey values count darkness; decoders put other depths right themselves."""


def damaged(name: str, detail: str) -> ImageError:
    """Return the error for a file of format `name` that is cut short or corrupted."""
    return ImageError(
        f"This {name} image is damaged or incomplete ({detail}), so it cannot be read. "
        "Copy it again from where it came from, or export it anew."
    )


def unsupported(name: str, detail: str) -> ImageError:
    """Return the error for an intact file of a rare kind."""
    return ImageError(
        f"This {name} image uses {detail}, which Lobule does not read. "
        "Export it as an ordinary 8-bit RGB PNG or TIFF."
    )


def credible(um_per_px: float) -> float | None:
    """Return the scale if a microscope can have it, else None.

    Files often carry the density of a printed page, which has nothing to do with the specimen:
    72, 96 and 300 dots per inch are 353, 265 and 85 µm/px and fall outside 0.05 to 20 µm/px.
    """
    return um_per_px if LOWEST <= um_per_px <= HIGHEST else None


def from_density(across: float, down: float, unit_um: float) -> float | None:
    """Scale from pixels per unit of length, where pixels are square and the scale is credible."""
    low, high = sorted((across, down))
    if not (low > 0 and high <= low * _MOST_UNEQUAL):
        return None
    return credible(unit_um / across)


def from_description(text: str, density: float | None) -> float | None:
    """Scale from a TIFF description as OME, Aperio and ImageJ write it.

    Parameters
    ----------
    text
        The ImageDescription tag.
    density
        Pixels per unit of the resolution tags, whose unit ImageJ writes into the description.
    """
    if size := _OME_SIZE.search(text):
        unit = _OME_UNIT.search(text)
        return _scaled(size[1], _UM_OF_UNIT.get(unit[1] if unit else "µm"))
    if size := _APERIO_SIZE.search(text):
        return _scaled(size[1], 1.0)
    if density and text.startswith("ImageJ=") and _IMAGEJ_UNIT.search(text):
        return credible(1 / density)
    return None


def _scaled(number: str, um: float | None) -> float | None:
    try:
        return None if um is None else credible(float(number) * um)
    except ValueError:
        return None
