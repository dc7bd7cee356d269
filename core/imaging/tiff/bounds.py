"""Which pages of a TIFF file may be looked at: checked before any library sees the file."""

from collections.abc import Iterator

from core.imaging.header import damaged, excessive
from core.imaging.tiff import tags

LOOKED_AT = 64
"""Pages whose tags are read; the picture of a slide is among the first few."""
_MOST_VALUES = 1 << 20
_MOST_PIECES = 250_000
_STRIPS, _TILES = 273, 324
_PIECE_TABLES = {273, 279, 324, 325}
# Values of one byte are copied as they are; others become objects, some ten times as large.
_BYTE_KINDS = {1, 2, 6, 7}
_MOST_PAGES = 10_000


def sound_pages(data: bytes) -> tuple[int, int]:
    """Count the pages, and how many of the first ones have tags that can be read safely.

    Raises
    ------
    ImageError
        If already the first page's tags do not hold together.
    """
    layout = tags.layout(data)
    if layout is None:
        raise damaged("TIFF", "its table of contents lies outside the file")
    form, start = layout
    read, room = 0, 2 * len(data)
    for entries in _directories(data, form, start):
        try:
            room -= _check(data, form, entries)
        except Exception:
            if read == 0:
                raise
            break
        if room < 0:
            break
        read += 1
    if read == 0:
        raise damaged("TIFF", "its table of contents lies outside the file")
    return tags.pages(data, form, start, _MOST_PAGES), read


def _directories(data: bytes, form: tags.Layout, start: int) -> Iterator[dict[int, tags.Entry]]:
    seen: set[int] = set()
    while start not in seen and len(seen) < LOOKED_AT:
        listing = tags.directory(data, form, start)
        if listing is None:
            return
        seen.add(start)
        entries, start = listing
        yield entries


def _check(data: bytes, form: tags.Layout, entries: dict[int, tags.Entry]) -> int:
    """Return the bytes of a page's values; refuse what would make a reader reserve far more."""
    size = sum(entry.size for entry in entries.values())
    if size > len(data) or any(
        entry.size > form.offset.size and entry.start + entry.size > len(data)
        for entry in entries.values()
    ):
        raise damaged("TIFF", "its tags reach beyond the end of the file")
    pieces = [entries[tag].values for tag in (_STRIPS, _TILES) if tag in entries]
    if pieces and max(pieces) > _MOST_PIECES:
        raise excessive("TIFF", f"{max(pieces):,} pieces")
    values = sum(
        entry.values
        for tag, entry in entries.items()
        if entry.kind not in _BYTE_KINDS and tag not in _PIECE_TABLES
    )
    if values > _MOST_VALUES:
        raise excessive("TIFF", f"{values:,} values in its tags")
    return size
