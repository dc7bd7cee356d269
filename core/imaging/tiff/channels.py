"""Pages that hold one colour channel each, and the files whose channels are no colours."""

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from core.errors import ImageError
from core.imaging.tiff.ome import OmeImage

if TYPE_CHECKING:
    from tifffile import TiffPage

_LETTERS = {
    "r": ("red", "r", "rouge", "rot", "rojo", "rosso", "rood", "vermelho"),
    "g": ("green", "g", "vert", "grün", "gruen", "verde", "groen"),
    "b": ("blue", "b", "bleu", "blau", "azul", "blu", "blauw"),
}
_LETTER_OF = {word: letter for letter, words in _LETTERS.items() for word in words}
_WORD = re.compile(
    r"(?:channel|ch|c|canal|kanal|bright ?field|bf|rgb|he|h&e|colou?r|transmitted|tl)?[\s:_-]*\d*"
    rf"[\s:_-]*({'|'.join(_LETTER_OF)})(?:[\s_-]*(?:channel|plane|light))?",
    re.IGNORECASE,
)
_ORDER = "rgb"
_ALPHA = re.compile(r"a|alpha|opacity|transparency", re.IGNORECASE)
_IMAGEJ_CHANNELS = re.compile(r"^channels=(\d+)\s*$", re.MULTILINE)
_IMAGEJ_COMPOSITE = re.compile(r"^mode=(composite|color)\s*$", re.MULTILINE)
_IMAGEJ_STACK = re.compile(r"^images=3\s*$", re.MULTILINE)
_IMAGEJ_METADATA = 50839
_PURE = 200
_BYTE = 8


class Planes(NamedTuple):
    """Pages of red, green and blue; none if one page has all."""

    pages: tuple[int, ...] = ()
    named: bool = True
    """Whether the file says that they are red, green and blue."""


def is_colour(ome: OmeImage) -> bool:
    """Whether the image's samples are interleaved colours, as far as its document says."""
    return any(channel.samples > 1 for channel in ome.channels)


def red_green_blue(page: "TiffPage", description: str, ome: OmeImage | None, count: int) -> Planes:
    """Find the planes of red, green and blue where they are pages of their own.

    A plane beyond the last page lies right behind the pixels of the page before, as ImageJ writes.
    Three channels of 8 bits without names are taken for red, green and blue, and are not `named`.

    Raises
    ------
    ImageError
        If the picture has several channels that are no colours.
    """
    if page.samplesperpixel != 1:
        return Planes()
    if ome is not None and len(ome.channels) > 1 and not is_colour(ome):
        names = [channel.name for channel in ome.channels]
        order, named = _order(page, names)
        pages = [ome.channels[index].page for index in order]
        if None in pages or max(page_index or 0 for page_index in pages) >= count:
            raise ImageError(
                "This OME-TIFF image keeps its channels in several files; one file alone is "
                "not a colour picture. Export it as one 8-bit RGB TIFF or PNG."
            )
        return Planes(tuple(page_index or 0 for page_index in pages), named)
    if not description.startswith("ImageJ="):
        return Planes()
    channels = _IMAGEJ_CHANNELS.search(description)
    if channels is None or int(channels[1]) == 1:
        # The slices of an "RGB stack" are labelled as colours; those of any other are no channels.
        stack = _IMAGEJ_STACK.search(description) and _colours(_labels(page)[:3])
        return Planes(tuple(stack)) if stack else Planes()
    order, named = _order(page, _imagej_names(page, description, int(channels[1])))
    return Planes(tuple(order), named)


def _order(page: "TiffPage", names: list[str]) -> tuple[list[int], bool]:
    """Indices of red, green and blue among channels, and whether their names say so."""
    if len(names) > len(_ORDER) and _ALPHA.fullmatch(names[-1].strip()):
        names = names[:-1]
    order = _colours(names)
    if order is not None:
        return order, True
    if len(names) == len(_ORDER) and not any(names) and page.bitspersample == _BYTE:
        return [0, 1, 2], False
    raise _not_colours(names)


def _colours(names: list[str]) -> list[int] | None:
    """Indices of red, green and blue among three channels by name; None if they are no colours."""
    words = [_WORD.fullmatch(name.strip()) for name in names]
    letters = [_LETTER_OF[match[1].lower()] for match in words if match]
    if len(names) != len(_ORDER) or sorted(letters) != sorted(_ORDER):
        return None
    return [letters.index(letter) for letter in _ORDER]


def _imagej_names(page: "TiffPage", description: str, channels: int) -> list[str]:
    """Names of channels by their labels or look-up tables; ImageJ shows three as red to blue."""
    labels, tables = _labels(page), _metadata(page).get("LUTs") or []
    if len(labels) >= channels and _colours(labels[:channels]):
        return labels[:channels]
    if len(tables) >= channels:
        return [_table_colour(table) for table in tables[:channels]]
    if _IMAGEJ_COMPOSITE.search(description) and channels == len(_ORDER) and not labels:
        return ["red", "green", "blue"]
    return labels[:channels] or [""] * channels


def _metadata(page: "TiffPage") -> dict[str, Any]:
    metadata: Any = page.tags.valueof(_IMAGEJ_METADATA, {})
    return metadata if isinstance(metadata, dict) else {}


def _labels(page: "TiffPage") -> list[str]:
    return [str(label) for label in _metadata(page).get("Labels") or []]


def _table_colour(table: Any) -> str:
    """Name of the colour at the bright end of a (3, 256) look-up table, if it is a pure one."""
    bright = [int(row[-1]) > _PURE for row in table]
    return ("red", "green", "blue")[bright.index(True)] if sum(bright) == 1 else ""


def _not_colours(names: list[str]) -> ImageError:
    known = ", ".join(name for name in names if name)[:200]
    listed = f" ({known})" if known else ""
    return ImageError(
        f"This TIFF image holds {len(names)} channels{listed} on pages of their own, not "
        "named red, green and blue: one channel alone is not a colour picture. If they are "
        "red, green and blue, export it as an 8-bit RGB TIFF or PNG; fluorescence is not "
        "read."
    )
