"""PNG headers, chunk by chunk (W3C PNG specification, third edition)."""

import struct
import zlib
from collections.abc import Iterator

from core.imaging.headers.header import Header, damaged
from core.imaging.headers.scale import UM_PER_METRE, from_density
from core.imaging.headers.tags import read_exif

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DRAWING = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_METADATA = {b"pHYs": 9, b"eXIf": 1, b"acTL": 8}
"""Chunks that are looked at, and the least bytes that each needs."""
_PER_METRE = 1


def read_header(data: bytes) -> Header:
    """Read the header of a PNG file.

    Raises
    ------
    ImageError
        If the file is cut short, or a chunk that draws the picture fails its checksum.
    """
    drawing = [SIGNATURE]
    found: dict[bytes, bytes] = {}
    for name, content, whole in _chunks(data):
        sound = zlib.crc32(whole[4:-4]) == struct.unpack(">I", whole[-4:])[0]
        if name in _DRAWING:
            if not sound:
                raise damaged("PNG", "a checksum is wrong")
            drawing.append(whole)
        if name == b"IHDR" or (sound and len(content) >= _METADATA.get(name, len(content) + 1)):
            found.setdefault(name, content)
    if len(found.get(b"IHDR", b"")) != 13:  # noqa: PLR2004 - the size that the standard fixes
        raise damaged("PNG", "its header is missing")
    width, height, bit_depth = struct.unpack(">IIB", found[b"IHDR"][:9])
    orientation, scale = read_exif(found.get(b"eXIf", b""))
    across, down, unit = struct.unpack(">IIB", found.get(b"pHYs", b"\0" * 9)[:9])
    if unit == _PER_METRE:
        scale = from_density(across, down, UM_PER_METRE) or scale
    return Header(
        format="PNG",
        width=width,
        height=height,
        bit_depth=bit_depth,
        picture=b"".join(drawing),
        pages=max(1, struct.unpack(">I", found.get(b"acTL", b"\0\0\0\1")[:4])[0]),
        orientation=orientation,
        um_per_px=scale,
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield name, content and all bytes of each chunk up to the end of the image."""
    at = len(SIGNATURE)
    name = b""
    while name != b"IEND":
        if at + 12 > len(data):
            raise damaged("PNG", "it ends too early")
        length, name = struct.unpack_from(">I4s", data, at)
        whole = data[at : at + 12 + length]
        if len(whole) < 12 + length:
            raise damaged("PNG", "it ends too early")
        yield name, whole[8:-4], whole
        at += 12 + length
