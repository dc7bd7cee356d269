"""The scales at which BreaKHis and the IDC patches were published, and files named as theirs.

On its own, so that a page has it without pandas.
"""

import re

from core.imaging.scale import SIZE_ALONE

BREAKHIS_UM_PER_PX = {"40X": 0.49, "100X": 0.20, "200X": 0.10, "400X": 0.05}
"""Micrometres per pixel at full size, 700×460 px (Spanhol et al. 2016)."""
BREAKHIS_WIDTH, BREAKHIS_HEIGHT = 700, 460
BREAKHIS_NAME = re.compile(
    r"SOB_(?P<kind>[BM])_(?P<subtype>A|F|PT|TA|DC|LC|MC|PC)-(?P<patient>\d+-\d+)(?P<blocks>[A-Z]*)"
    r"-(?P<magnification>40|100|200|400)-\d+\.[a-z0-9]+",
    re.IGNORECASE,
)
IDC_UM_PER_PX, IDC_PATCH = 4.0, 50
"""µm/px at about 2.5×, and the side of a patch (Cruz-Roa et al. 2014)."""
IDC_NAME = re.compile(
    r"(?P<patient>[0-9]+)_idx[0-9]+_x(?P<x>[0-9]+)_y(?P<y>[0-9]+)_class(?P<label>[01])"
    r"\.[a-z0-9]+",
    re.IGNORECASE,
)
# Some of the published images have 456 rows; a crop of about the shape is further off.
_UNEQUAL, _SQUARE = 0.01, 0.9


def scale_by_name(name: str, width: int, height: int) -> tuple[float, str] | None:
    """Return the scale that a file's name and size tell, µm/px, and how, after "The file".

    None where they tell none. An image of 50 × 50 px is taken for an IDC patch whatever its name:
    patches as small are published nowhere else.

    Parameters
    ----------
    name
        With or without folders, of Windows or Unix.
    width, height
        Pixels. An image that was resized shows the same tissue; one in other proportions was
        cropped or stretched, so its scale is unknown.
    """
    file = _file(name)
    if match := BREAKHIS_NAME.fullmatch(file):
        magnification = f"{match['magnification']}X"
        scale = breakhis_scale(width, height, magnification)
        return (
            None if scale is None else (scale, f"is named as a BreaKHis image at {magnification}")
        )
    if IDC_NAME.fullmatch(file):
        longest, shortest = max(width, height), min(width, height)
        if longest > IDC_PATCH and shortest < _SQUARE * longest:
            return None
        side = max(longest, IDC_PATCH)  # smaller ones are of the edge of a slide
        return IDC_UM_PER_PX * IDC_PATCH / side, "is named as an IDC patch of 200 µm"
    if width == height == IDC_PATCH:
        return IDC_UM_PER_PX, SIZE_ALONE
    return None


def is_named(name: str) -> bool:
    """Whether a file's name may tell its scale."""
    file = _file(name)
    return bool(BREAKHIS_NAME.fullmatch(file) or IDC_NAME.fullmatch(file))


def _file(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def breakhis_scale(width: int, height: int, magnification: str) -> float | None:
    """µm/px of a BreaKHis image of a size; None in other proportions than the published ones."""
    expected = width * BREAKHIS_HEIGHT / BREAKHIS_WIDTH
    if not width or abs(height - expected) > max(1, _UNEQUAL * expected):
        return None
    return BREAKHIS_UM_PER_PX[magnification] * BREAKHIS_WIDTH / width
