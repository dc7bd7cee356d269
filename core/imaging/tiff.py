"""TIFF and BigTIFF headers, and EXIF blocks, which are written alike (TIFF 6.0, 1992).

The first page is checked, and freed of all tags that draw nothing.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import ImageError
from core.imaging.header import (
    UM_PER_CM,
    UM_PER_INCH,
    Header,
    damaged,
    from_density,
    from_description,
    unsupported,
)

_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 274, 282, 283, 296

_SIZE_OF_TYPE = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_SIZE_OF_TYPE |= {13: 4, 16: 8, 17: 8, 18: 8}
_NUMBER_CODE = {1: "B", 3: "H", 4: "I", 16: "Q"}
_RATIONAL = 5
_BIG = 43
_UNIT_UM = {2: UM_PER_INCH, 3: UM_PER_CM}
_ORIENTATIONS = range(1, 9)
_MOST_ENTRIES = 4096
_MOST_VALUES = 64

_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _DESCRIPTION = 256, 257, 258, 262, 270
_STRIPS, _PLANES, _TILE_WIDTH, _TILE_HEIGHT, _TILES, _SAMPLE_FORMAT = 273, 284, 322, 323, 324, 339
# The tags that say where the pixels lie and how they are coded (TIFF 6.0, its JPEG supplements).
_DRAWING = {254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320}
_DRAWING |= {322, 323, 324, 325, 338, 339, 347, *range(512, 522), 529, 530, 531, 532}
_MOST_PAGES = 10_000
_MOST_PIECES = 250_000
_LARGEST_TILE = 1 << 26
_DEPTHS = (1, 2, 4, 8, 12, 16)
_WHOLE_NUMBERS = 1
_SEPARATE = 2
_LONGEST_DESCRIPTION = 1 << 20


@dataclass(frozen=True, slots=True)
class _Layout:
    """How numbers and entries are written in one file."""

    order: str
    """ "<" or ">"."""
    big: bool
    """Whether offsets have 64 bits."""

    @property
    def offset(self) -> struct.Struct:
        """An offset, which is also how a count of values is written."""
        return struct.Struct(self.order + ("Q" if self.big else "I"))

    @property
    def count(self) -> struct.Struct:
        """The number of entries of a directory."""
        return struct.Struct(self.order + ("Q" if self.big else "H"))

    @property
    def entry_size(self) -> int:
        """Bytes of one entry: tag, type, count, value or offset."""
        return 4 + 2 * self.offset.size


@dataclass(frozen=True, slots=True)
class _Entry:
    """One tag, and where its values lie."""

    raw: bytes
    kind: int
    values: int
    """How many values it has."""
    start: int
    """Where they begin in the file."""

    @property
    def size(self) -> int:
        """Bytes that the values take; 0 for types that do not exist."""
        return self.values * _SIZE_OF_TYPE.get(self.kind, 0)


def _layout(data: bytes) -> tuple[_Layout, int] | None:
    """Return the layout and the place of the first directory, None if this is no tag structure."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 16:  # noqa: PLR2004 - the BigTIFF header; no image is smaller
        return None
    big = struct.unpack_from(order + "H", data, 2)[0] == _BIG
    form = _Layout(order, big)
    return form, form.offset.unpack_from(data, 8 if big else 4)[0]


def _directory(data: bytes, form: _Layout, start: int) -> tuple[dict[int, _Entry], int] | None:
    """Read the directory at `start`: its entries by tag, and where the next one is (0: none).

    None if it reaches beyond the data or has far more entries than there are tags.
    """
    if not 0 < start <= len(data) - form.count.size:
        return None
    count = form.count.unpack_from(data, start)[0]
    first = start + form.count.size
    end = first + count * form.entry_size
    if end > len(data) or count > _MOST_ENTRIES:
        return None
    entries: dict[int, _Entry] = {}
    for at in range(first, end, form.entry_size):
        tag, kind = struct.unpack_from(form.order + "HH", data, at)
        values = form.offset.unpack_from(data, at + 4)[0]
        inline = at + 4 + form.offset.size
        entry = _Entry(data[at : at + form.entry_size], kind, values, inline)
        if entry.size > form.offset.size:
            place = form.offset.unpack_from(data, inline)[0]
            entry = _Entry(entry.raw, kind, values, place)
        entries.setdefault(tag, entry)
    following = data[end : end + form.offset.size]
    complete = len(following) == form.offset.size
    return entries, form.offset.unpack(following)[0] if complete else 0


def _pages(data: bytes, form: _Layout, start: int, most: int) -> int:
    """Count the directories of the chain at `start`, up to `most` or where the chain breaks."""
    seen: set[int] = set()
    while start not in seen and len(seen) < most and start + form.count.size <= len(data):
        count = form.count.unpack_from(data, start)[0]
        link = start + form.count.size + count * form.entry_size
        if start == 0 or link > len(data):
            break
        seen.add(start)
        if link + form.offset.size > len(data):
            break
        start = form.offset.unpack_from(data, link)[0]
    return len(seen)


def _numbers(data: bytes, form: _Layout, entry: _Entry | None) -> Iterator[float]:
    """Yield the first values of a numeric tag; nothing for other tags or beyond the data."""
    if entry is None or entry.start + entry.size > len(data):
        return
    values = min(entry.values, _MOST_VALUES)
    if entry.kind in _NUMBER_CODE:
        code = f"{form.order}{values}{_NUMBER_CODE[entry.kind]}"
        yield from struct.unpack_from(code, data, entry.start)
    elif entry.kind == _RATIONAL:
        for at in range(entry.start, entry.start + 8 * values, 8):
            above, below = struct.unpack_from(form.order + "II", data, at)
            yield above / below if below else 0.0


def _orientation(data: bytes, form: _Layout, entries: dict[int, _Entry]) -> int:
    """EXIF orientation, 1 where it is missing or impossible."""
    value = next(_numbers(data, form, entries.get(_ORIENTATION)), 1)
    return int(value) if value in _ORIENTATIONS else 1


def _density_scale(data: bytes, form: _Layout, entries: dict[int, _Entry]) -> float | None:
    """µm/px from the resolution tags, where their unit is the inch or the centimetre."""
    unit = int(next(_numbers(data, form, entries.get(_RESOLUTION_UNIT)), 2))
    across = next(_numbers(data, form, entries.get(_X_RESOLUTION)), 0.0)
    down = next(_numbers(data, form, entries.get(_Y_RESOLUTION)), across)
    return from_density(across, down, _UNIT_UM[unit]) if unit in _UNIT_UM else None


def read_exif(block: bytes) -> tuple[int, float | None]:
    """Orientation and µm/px of an EXIF block; (1, None) where it is damaged."""
    block = block.removeprefix(b"Exif\0\0")
    placed = _layout(block)
    listing = _directory(block, *placed) if placed else None
    if placed is None or listing is None:
        return 1, None
    return _orientation(block, placed[0], listing[0]), _density_scale(block, placed[0], listing[0])


def read_tiff(data: bytes) -> Header:
    """Read the header of a TIFF file.

    Raises
    ------
    ImageError
        If the first page's tags do not hold together or its pixels are of an unsupported kind.
    """
    placed = _layout(data)
    listing = _directory(data, *placed) if placed else None
    if placed is None or listing is None:
        raise damaged("TIFF", "its table of contents lies outside the file")
    form, start = placed
    entries = listing[0]
    drawing = {tag: entry for tag, entry in entries.items() if tag in _DRAWING}
    _check_extent(data, form, drawing)
    depths = set(_numbers(data, form, entries.get(_BITS))) or {1}
    if len(depths) > 1 or not depths <= set(_DEPTHS):
        raise unsupported("TIFF", "pixels of " + "/".join(f"{bits:g}" for bits in depths) + " bits")
    if set(_numbers(data, form, entries.get(_SAMPLE_FORMAT))) - {_WHOLE_NUMBERS}:
        raise unsupported("TIFF", "signed or fractional brightness values")
    depth = int(depths.pop())
    if depth > 8 and _first(data, form, entries, _PLANES, 1) == _SEPARATE:  # noqa: PLR2004
        raise unsupported("TIFF", f"{depth}-bit colours in separate planes")
    return Header(
        format="TIFF",
        width=_first(data, form, entries, _WIDTH, 0),
        height=_first(data, form, entries, _HEIGHT, 0),
        bit_depth=depth,
        picture=_only(data, form, start, drawing),
        pages=_pages(data, form, start, _MOST_PAGES),
        orientation=_orientation(data, form, entries),
        um_per_px=_scale(data, form, entries),
        white_is_zero=_first(data, form, entries, _PHOTOMETRIC, 1) == 0,
    )


def _first(data: bytes, form: _Layout, entries: dict[int, _Entry], tag: int, default: int) -> int:
    return int(next(_numbers(data, form, entries.get(tag)), default))


def _check_extent(data: bytes, form: _Layout, entries: dict[int, _Entry]) -> None:
    """Refuse pages whose tags could make a decoder read or reserve far more than the file holds."""
    if sum(entry.size for entry in entries.values()) > len(data) or any(
        entry.size > form.offset.size and entry.start + entry.size > len(data)
        for entry in entries.values()
    ):
        raise damaged("TIFF", "its tags reach beyond the end of the file")
    pieces = [entries[tag].values for tag in (_STRIPS, _TILES) if tag in entries]
    tile = _first(data, form, entries, _TILE_WIDTH, 1), _first(data, form, entries, _TILE_HEIGHT, 1)
    if not pieces:
        raise damaged("TIFF", "it does not say where its pixels are")
    if max(pieces) > _MOST_PIECES or tile[0] * tile[1] > _LARGEST_TILE or 0 in tile:
        raise ImageError(
            f"This TIFF image declares {max(pieces)} pieces of {tile[0]}×{tile[1]} px, more than "
            "any real image needs, so it is not read. Export it again as an ordinary TIFF or PNG."
        )


def _only(data: bytes, form: _Layout, start: int, entries: dict[int, _Entry]) -> bytes:
    """Return the file with only these entries in the directory at `start`, and no further page.

    The shorter directory takes the old one's place: nothing else moves, and a file that was cut
    short stays as short as it is.
    """
    listing = b"".join(entries[tag].raw for tag in sorted(entries))
    shorter = form.count.pack(len(entries)) + listing + form.offset.pack(0)
    return b"".join((data[:start], shorter, data[start + len(shorter) :]))


def _scale(data: bytes, form: _Layout, entries: dict[int, _Entry]) -> float | None:
    description = entries.get(_DESCRIPTION)
    stated = None
    if description and description.size <= _LONGEST_DESCRIPTION:
        text = data[description.start : description.start + description.size]
        density = next(_numbers(data, form, entries.get(_X_RESOLUTION)), None)
        stated = from_description(text.decode("utf-8", "replace").rstrip("\0"), density)
    return stated or _density_scale(data, form, entries)
