"""Pages that hold one colour channel each, and the files whose channels are no colours."""

import re
from typing import TYPE_CHECKING, Any

from core.errors import ImageError
from core.imaging.tiff.ome import OmeImage

if TYPE_CHECKING:
    from tifffile import TiffPage

_WORD = re.compile(
    r"(?:channel|ch|c)?[\s:_-]*\d*[\s:_-]*(red|green|blue|r|g|b)(?:[\s_-]*(?:channel|plane))?",
    re.IGNORECASE,
)
_ORDER = "rgb"
_IMAGEJ_CHANNELS = re.compile(r"^channels=(\d+)\s*$", re.MULTILINE)
_IMAGEJ_COMPOSITE = re.compile(r"^mode=(composite|color)\s*$", re.MULTILINE)
_IMAGEJ_METADATA = 50839
_PURE = 200


def is_colour(ome: OmeImage) -> bool:
    """Whether the image's samples are interleaved colours, as far as its document says."""
    return any(channel.samples > 1 for channel in ome.channels)


def red_green_blue(
    page: "TiffPage", description: str, ome: OmeImage | None, count: int
) -> tuple[int, ...]:
    """Planes of red, green and blue where they are pages of their own; empty if one page has all.

    A plane beyond the last page lies right behind the pixels of the page before, as ImageJ writes.

    Raises
    ------
    ImageError
        If the picture has several channels that are no colours.
    """
    if page.samplesperpixel != 1:
        return ()
    if ome is not None and len(ome.channels) > 1 and not is_colour(ome):
        names = [channel.name for channel in ome.channels]
        order = _colours(names)
        if order is None:
            raise _not_colours(names)
        pages = [ome.channels[index].page for index in order]
        if None in pages or max(own or 0 for own in pages) >= count:
            raise ImageError(
                "This OME-TIFF image keeps its channels in several files, and one file alone is no "
                "colour picture. Export it as one 8-bit RGB TIFF or PNG."
            )
        return tuple(own or 0 for own in pages)
    channels = _IMAGEJ_CHANNELS.search(description) if description.startswith("ImageJ=") else None
    if channels is None or int(channels[1]) == 1:
        return ()
    names = _imagej_names(page, description, int(channels[1]))
    order = _colours(names)
    if order is None:
        raise _not_colours(names)
    return tuple(order)


def _colours(names: list[str]) -> list[int] | None:
    """Indices of red, green and blue among three channels by name; None if they are no colours."""
    letters = [found[1][0].lower() for name in names if (found := _WORD.fullmatch(name.strip()))]
    if len(names) != len(_ORDER) or sorted(letters) != sorted(_ORDER):
        return None
    return [letters.index(letter) for letter in _ORDER]


def _imagej_names(page: "TiffPage", description: str, channels: int) -> list[str]:
    """Names of channels by their labels or look-up tables; ImageJ shows three as red to blue."""
    metadata: Any = page.tags.valueof(_IMAGEJ_METADATA, {})
    metadata = metadata if isinstance(metadata, dict) else {}
    labels, tables = metadata.get("Labels") or [], metadata.get("LUTs") or []
    if len(labels) >= channels and _colours([str(label) for label in labels[:channels]]):
        return [str(label) for label in labels[:channels]]
    if len(tables) >= channels:
        return [_table_colour(table) for table in tables[:channels]]
    if _IMAGEJ_COMPOSITE.search(description) and channels == len(_ORDER) and not labels:
        return ["red", "green", "blue"]
    return [str(label) for label in labels[:channels]] or [""] * channels


def _table_colour(table: Any) -> str:
    """Name of the colour at the bright end of a (3, 256) look-up table, if it is a pure one."""
    bright = [int(row[-1]) > _PURE for row in table]
    return ("red", "green", "blue")[bright.index(True)] if sum(bright) == 1 else ""


def _not_colours(names: list[str]) -> ImageError:
    known = ", ".join(name for name in names if name)[:200]
    listed = f" ({known})" if known else ""
    return ImageError(
        f"This TIFF image holds {len(names)} channels{listed} on pages of their own, which are not "
        "named red, green and blue: one channel alone is no colour picture. If they are red, green "
        "and blue, export it as an 8-bit RGB TIFF or PNG; fluorescence is not read."
    )
