"""Headers of PNG files, chunk by chunk (W3C specification, third edition)."""

import struct
import zlib
from collections.abc import Iterator, Sequence

from core.imaging.header import Header, damaged, excessive
from core.imaging.scale import (
    UM_PER_METRE,
    StatedScale,
    first_usable,
    from_aspect,
    from_density,
    from_pixel_size,
    number,
)
from core.imaging.tiff.tags import read_exif

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DRAWING = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_METADATA = {b"pHYs": 9, b"sCAL": 4, b"eXIf": 1, b"acTL": 8, b"iCCP": 4}
"""Chunks that are looked at, and the least bytes that each needs."""
_PER_METRE = 1
_DEEP = 16
_LARGEST_PROFILE = 1 << 22
# Encoders write pictures in chunks of 8 kB and more.
_MOST_CHUNKS = 100_000
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_SLACK = 1 << 16


def read_png(data: bytes, *, checked: bool = False) -> Header:
    """Read the header of a PNG file.

    Parameters
    ----------
    data : bytes
    checked : bool
        Look for surplus pixels in pictures of few bits as well. Pillow ends at the last row, other
        decoders inflate all that comes.

    Raises
    ------
    ImageError
        If the file is cut short, a chunk that draws the picture fails its checksum, or there are
        more chunks or pixels than any picture needs.
    """
    chunks: dict[bytes, bytes] = {}
    pieces, pixels = [SIGNATURE], []
    for name, content, whole in _chunks(data):
        sound = zlib.crc32(whole[4:-4]) == struct.unpack(">I", whole[-4:])[0]
        if name in _DRAWING:
            if not sound:
                raise damaged("PNG", "a checksum is wrong")
            # A transparent colour of 16 bits is left out: no 8-bit pixel equals it.
            if name != b"tRNS" or chunks.get(b"IHDR", b"")[8:9] != bytes([_DEEP]):
                pieces.append(whole)
            if name == b"IDAT":
                pixels.append(content)
        if name == b"IHDR" or (sound and len(content) >= _METADATA.get(name, len(content) + 1)):
            chunks.setdefault(name, content)
    if len(chunks.get(b"IHDR", b"")) != 13:  # noqa: PLR2004 - the size that the standard fixes
        raise damaged("PNG", "its header is missing")
    width, height, bit_depth, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    if bit_depth == _DEEP or checked:
        _refuse_surplus(pixels, height * (1 + width * _SAMPLES.get(kind, 4) * bit_depth // 8))
    orientation, scale = read_exif(chunks.get(b"eXIf", b""))
    return Header(
        format="PNG",
        width=width,
        height=height,
        bit_depth=bit_depth,
        picture=b"".join(pieces),
        pages=max(1, struct.unpack(">I", chunks.get(b"acTL", b"\0\0\0\1")[:4])[0]),
        orientation=orientation,
        scale=first_usable(*_scales(chunks), scale),
        profile=_profile(chunks.get(b"iCCP", b"")),
    )


def _scales(chunks: dict[bytes, bytes]) -> Iterator[StatedScale]:
    """What the size of a pixel in the specimen (sCAL) and on paper (pHYs) say."""
    unit, _, sides = chunks.get(b"sCAL", b"")[:64].decode("latin-1").partition("\x01")
    if not unit and sides:  # of metres; 2 is of angles
        values = [number(side) for side in sides.split("\0")]
        if len(values) == 2 and None not in values:  # noqa: PLR2004 - across and down
            yield from_pixel_size(*((value or 0) * UM_PER_METRE for value in values))
    across, down, per = struct.unpack(">IIB", chunks.get(b"pHYs", b"\0" * 9)[:9])
    if per == _PER_METRE:
        yield from_density(across, down, UM_PER_METRE)
    else:
        yield from_aspect(across, down)


def _profile(chunk: bytes) -> bytes:
    """Decompress an ICC profile, or as much of it as any real one has."""
    _, _, coded = chunk.partition(b"\0")
    try:
        return zlib.decompressobj().decompress(coded[1:], _LARGEST_PROFILE)
    except zlib.error:
        return b""


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield name, content and all bytes of each chunk up to the end of the image."""
    at, count = len(SIGNATURE), 0
    name = b""
    while name != b"IEND":
        count += 1
        if count > _MOST_CHUNKS:
            raise excessive("PNG", f"over {_MOST_CHUNKS:,} chunks")
        if at + 12 > len(data):
            raise damaged("PNG", "it ends too early")
        length, name = struct.unpack_from(">I4s", data, at)
        whole = data[at : at + 12 + length]
        if len(whole) < 12 + length:
            raise damaged("PNG", "it ends too early")
        yield name, whole[8:-4], whole
        at += 12 + length


def _refuse_surplus(pixels: Sequence[bytes], size: int) -> None:
    """Refuse pixels that inflate to far more than a picture of `size` bytes."""
    inflater, room = zlib.decompressobj(), 2 * size + _SLACK
    for piece in pixels:
        try:
            room -= len(inflater.decompress(piece, room))
        except zlib.error as error:
            raise damaged("PNG", "its content does not make sense") from error
        if room <= 0:
            raise excessive("PNG", "many times more pixels than it states")
        if inflater.eof:
            return
