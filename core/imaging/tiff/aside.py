"""Pictures in a file that are not of the specimen: labels, macro photographs, small copies."""

import re
from collections.abc import Sequence

_KINDS = r"label|macro|thumbnail|thumb|overview|barcode|preview|navigation|navi|map|etikett"
_BESIDE = r"image|picture|photo\w*|of|the|(?:slide|page|scan)(?:[ #:]*\d+)?|\d+ ?x ?\d+"
_NAMES = re.compile(
    rf"^\W*(?:(?:slide|associated|image|type)[\s_:=-]*)*(?:{_KINDS}|probability)"
    rf"(?:[\s_:=-]+(?:{_BESIDE}))*\W*$"
    rf"|^[\w :-]{{0,30}}[\s_](?:label|macro|thumbnail|barcode)(?:[\s_]*(?:{_BESIDE}))?\W*$"
    # Aperio writes it in the second line, before the size.
    r"|\n[ \t]*(?:label|macro|thumbnail)\s+\d+x\d+"
    rf"|<ImageType>\s*(?:{_KINDS})\s*</ImageType>",
    re.IGNORECASE,
)
_MUCH_LARGER, _SAME_SHAPE = 1.9, 1.02


def is_aside(*texts: str) -> bool:
    """Whether what is written of a picture says that it is no scan of the specimen."""
    return any(_NAMES.search(text) for text in texts)


def first_whole(sizes: Sequence[tuple[float, float]]) -> int:
    """Index of the picture of several: the first, unless a later one is the same, only larger.

    A small picture before one of the same shape is a thumbnail that was not marked as one.

    Parameters
    ----------
    sizes : sequence of tuple
        Width and height of each, pixels; 0 where they are not known.
    """
    width, height = sizes[0]
    for index, (wide, high) in enumerate(sizes[1:], start=1):
        if min(width, height, wide, high) <= 0:
            continue
        across, down = wide / width, high / height
        # Sides are whole numbers: one of them may be a pixel off.
        rounded = abs(high / across - height) < 1 or abs(wide / down - width) < 1
        alike = max(across, down) < min(across, down) * _SAME_SHAPE
        if min(across, down) >= _MUCH_LARGER and (alike or rounded):
            return index
    return 0
