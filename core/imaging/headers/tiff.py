"""TIFF and BigTIFF headers: the first page, checked and freed of all tags that draw nothing."""

from core.errors import ImageError
from core.imaging.headers import tags
from core.imaging.headers.header import Header, damaged, unsupported
from core.imaging.headers.scale import from_description

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


def read_header(data: bytes) -> Header:
    """Read the header of a TIFF file.

    Raises
    ------
    ImageError
        If the first page's tags do not hold together or its pixels are of an unsupported kind.
    """
    found = tags.layout(data)
    listing = tags.directory(data, *found) if found else None
    if found is None or listing is None:
        raise damaged("TIFF", "its table of contents lies outside the file")
    form, start = found
    entries = listing[0]
    drawing = {tag: entry for tag, entry in entries.items() if tag in _DRAWING}
    _check_extent(data, form, drawing)
    depths = set(tags.numbers(data, form, entries.get(_BITS))) or {1}
    if len(depths) > 1 or not depths <= set(_DEPTHS):
        raise unsupported("TIFF", "pixels of " + "/".join(f"{bits:g}" for bits in depths) + " bits")
    if set(tags.numbers(data, form, entries.get(_SAMPLE_FORMAT))) - {_WHOLE_NUMBERS}:
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
        pages=tags.pages(data, form, start, _MOST_PAGES),
        orientation=tags.orientation(data, form, entries),
        um_per_px=_scale(data, form, entries),
        white_is_zero=_first(data, form, entries, _PHOTOMETRIC, 1) == 0,
    )


def _first(
    data: bytes, form: tags.Layout, entries: dict[int, tags.Entry], tag: int, default: int
) -> int:
    return int(next(tags.numbers(data, form, entries.get(tag)), default))


def _check_extent(data: bytes, form: tags.Layout, entries: dict[int, tags.Entry]) -> None:
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


def _only(data: bytes, form: tags.Layout, start: int, entries: dict[int, tags.Entry]) -> bytes:
    """Return the file with only these entries in the directory at `start`, and no further page.

    The shorter directory takes the old one's place: nothing else moves, and a file that was cut
    short stays as short as it is.
    """
    listing = b"".join(entries[tag].raw for tag in sorted(entries))
    shorter = form.count.pack(len(entries)) + listing + form.offset.pack(0)
    return b"".join((data[:start], shorter, data[start + len(shorter) :]))


def _scale(data: bytes, form: tags.Layout, entries: dict[int, tags.Entry]) -> float | None:
    description = entries.get(_DESCRIPTION)
    stated = None
    if description and description.size <= _LONGEST_DESCRIPTION:
        text = data[description.start : description.start + description.size]
        density = next(tags.numbers(data, form, entries.get(tags.X_RESOLUTION)), None)
        stated = from_description(text.decode("utf-8", "replace").rstrip("\0"), density)
    return stated or tags.density_scale(data, form, entries)
