"""Tag directories, as TIFF files and EXIF blocks hold them (TIFF 6.0, 1992; BigTIFF)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from core.imaging.scale import (
    NOT_STATED,
    PRINT_UNITS,
    UM_OF_RESOLUTION_UNIT,
    StatedScale,
    from_aspect,
    from_density,
)

ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 274, 282, 283, 296

_SIZE_OF_TYPE = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_SIZE_OF_TYPE |= {13: 4, 16: 8, 17: 8, 18: 8}
_NUMBER_CODE = {1: "B", 3: "H", 4: "I", 16: "Q", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 17: "q"}
_FRACTION_CODE = {5: "II", 10: "ii"}
_BIG = 43
_ORIENTATIONS = range(1, 9)
_MOST_ENTRIES = 4096
_MOST_VALUES = 64


@dataclass(frozen=True, slots=True)
class Layout:
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
class Entry:
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


def layout(data: bytes) -> tuple[Layout, int] | None:
    """Return the layout and the place of the first directory, None if this is no tag structure."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 16:  # noqa: PLR2004 - the BigTIFF header; no image is smaller
        return None
    big = struct.unpack_from(order + "H", data, 2)[0] == _BIG
    form = Layout(order, big)
    return form, form.offset.unpack_from(data, 8 if big else 4)[0]


def directory(data: bytes, form: Layout, start: int) -> tuple[dict[int, Entry], int] | None:
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
    entries: dict[int, Entry] = {}
    for at in range(first, end, form.entry_size):
        tag, kind = struct.unpack_from(form.order + "HH", data, at)
        values = form.offset.unpack_from(data, at + 4)[0]
        inline = at + 4 + form.offset.size
        entry = Entry(data[at : at + form.entry_size], kind, values, inline)
        if entry.size > form.offset.size:
            place = form.offset.unpack_from(data, inline)[0]
            entry = Entry(entry.raw, kind, values, place)
        entries.setdefault(tag, entry)
    following = data[end : end + form.offset.size]
    complete = len(following) == form.offset.size
    return entries, form.offset.unpack(following)[0] if complete else 0


def pages(data: bytes, form: Layout, start: int, most: int) -> int:
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


def numbers(data: bytes, form: Layout, entry: Entry | None) -> Iterator[float]:
    """Yield the first values of a numeric tag; nothing for other tags or beyond the data."""
    if entry is None or entry.start + entry.size > len(data):
        return
    values = min(entry.values, _MOST_VALUES)
    if entry.kind in _NUMBER_CODE:
        code = f"{form.order}{values}{_NUMBER_CODE[entry.kind]}"
        yield from struct.unpack_from(code, data, entry.start)
    elif entry.kind in _FRACTION_CODE:
        for at in range(entry.start, entry.start + 8 * values, 8):
            above, below = struct.unpack_from(form.order + _FRACTION_CODE[entry.kind], data, at)
            yield above / below if below else 0.0


def orientation(data: bytes, form: Layout, entries: dict[int, Entry]) -> int:
    """EXIF orientation, 1 where it is missing or impossible."""
    value = next(numbers(data, form, entries.get(ORIENTATION)), 1)
    return int(value) if value in _ORIENTATIONS else 1


def density_scale(data: bytes, form: Layout, entries: dict[int, Entry]) -> StatedScale:
    """Scale by the resolution tags; where they have no unit of length, the shape of a pixel."""
    unit = int(next(numbers(data, form, entries.get(RESOLUTION_UNIT)), 2))
    across = next(numbers(data, form, entries.get(X_RESOLUTION)), 0.0)
    down = next(numbers(data, form, entries.get(Y_RESOLUTION)), across)
    return density_of(across, down, unit)


def density_of(across: float, down: float, unit: int) -> StatedScale:
    """Scale by the values of the resolution tags."""
    um = UM_OF_RESOLUTION_UNIT.get(unit)
    if um is None:
        return from_aspect(across, down)
    return from_density(across, down, um, printed=um in PRINT_UNITS)


def read_exif(block: bytes) -> tuple[int, StatedScale]:
    """Orientation and scale of an EXIF block; 1 and nothing where it is damaged."""
    block = block.removeprefix(b"Exif\0\0")
    form = layout(block)
    listing = directory(block, *form) if form else None
    if form is None or listing is None:
        return 1, NOT_STATED
    return orientation(block, form[0], listing[0]), density_scale(block, form[0], listing[0])
