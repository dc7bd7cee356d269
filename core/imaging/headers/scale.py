"""Micrometres per pixel from what image files state about resolution."""

import re

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
    if found := _OME_SIZE.search(text):
        unit = _OME_UNIT.search(text)
        return _scaled(found[1], _UM_OF_UNIT.get(unit[1] if unit else "µm"))
    if found := _APERIO_SIZE.search(text):
        return _scaled(found[1], 1.0)
    if density and text.startswith("ImageJ=") and _IMAGEJ_UNIT.search(text):
        return credible(1 / density)
    return None


def _scaled(number: str, um: float | None) -> float | None:
    try:
        return None if um is None else credible(float(number) * um)
    except ValueError:
        return None
