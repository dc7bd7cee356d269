"""BMP and WebP headers, whose facts all lie at fixed places."""

import struct

from core.imaging.headers.header import Header, damaged
from core.imaging.headers.scale import UM_PER_METRE, from_density
from core.imaging.headers.tags import read_exif

_OLD_BMP = 12
_LEAST_BMP, _LEAST_WEBP = 54, 30


def read_bmp(data: bytes) -> Header:
    """Read the header of a BMP file; ImageError if it is cut short."""
    if len(data) < 26:  # noqa: PLR2004 - the shortest header there is
        raise damaged("BMP", "its header is missing")
    scale = None
    if struct.unpack_from("<I", data, 14)[0] == _OLD_BMP:
        width, height, _, bits = struct.unpack_from("<4H", data, 18)
    elif len(data) < _LEAST_BMP:
        raise damaged("BMP", "its header is missing")
    else:
        width, height, _, bits = struct.unpack_from("<iiHH", data, 18)
        across, down = struct.unpack_from("<ii", data, 38)
        scale = from_density(across, down, UM_PER_METRE)
    # Rows that run from top to bottom are declared by a negative height.
    return Header("BMP", width, abs(height), min(bits, 8), data, um_per_px=scale)


def read_webp(data: bytes) -> Header:
    """Read the header of a WebP file; ImageError if it is cut short or of an unknown kind."""
    if len(data) < _LEAST_WEBP:
        raise damaged("WebP", "its header is missing")
    kind = data[12:16]
    orientation, scale, frames = 1, None, 1
    if kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    elif kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
        orientation, scale, frames = _chunks(data)
    else:
        raise damaged("WebP", "its header is of no known kind")
    return Header("WEBP", width, height, 8, data, frames, orientation, scale)


def _chunks(data: bytes) -> tuple[int, float | None, int]:
    """Orientation and µm/px from the EXIF chunk, and the number of animation frames."""
    exif, frames, at = b"", 0, 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if name == b"EXIF":
            exif = data[at + 8 : at + 8 + size]
        frames += name == b"ANMF"
        at += 8 + size + size % 2
    return *read_exif(exif), max(1, frames)
