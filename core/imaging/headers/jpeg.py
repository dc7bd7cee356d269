"""JPEG headers, segment by segment (ITU-T T.81; JFIF 1.02; EXIF 2.3)."""

import struct
from collections.abc import Iterator

from core.imaging.headers.header import Header, damaged, unsupported
from core.imaging.headers.scale import UM_PER_CM, UM_PER_INCH, from_density
from core.imaging.headers.tags import read_exif

SIGNATURE = b"\xff\xd8\xff"
_JFIF, _EXIF, _SCAN, _END = 0xE0, 0xE1, 0xDA, 0xD9
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_COMMON_FRAMES = {0xC0, 0xC1, 0xC2}
_BITS = 8
_UNIT_UM = {1: UM_PER_INCH, 2: UM_PER_CM}


def read_header(data: bytes) -> Header:
    """Read the header of a JPEG file.

    Raises
    ------
    ImageError
        If the file ends before the picture begins, or is coded in a way that no viewer reads.
    """
    drawing = [data[:2]]
    frame, exif, jfif, scan = b"", b"", b"", len(data)
    for marker, start, end in _segments(data):
        if marker == _SCAN:
            scan = start
            break
        content = data[start + 4 : end]
        if marker in _FRAMES and not frame:
            if marker not in _COMMON_FRAMES or content[:1] != bytes([_BITS]):
                raise unsupported("JPEG", "a rare kind of compression")
            frame = content
        elif marker == _EXIF:
            exif = exif or (content if content.startswith(b"Exif") else b"")
            continue
        elif marker == _JFIF and content.startswith(b"JFIF\0"):
            jfif = jfif or content
        drawing.append(data[start:end])
    if len(frame) < 5 or scan == len(data):  # noqa: PLR2004 - depth, height and width
        raise damaged("JPEG", "it ends before the picture begins")
    height, width = struct.unpack_from(">HH", frame, 1)
    orientation, scale = read_exif(exif)
    if len(jfif) >= 12 and jfif[7] in _UNIT_UM:  # noqa: PLR2004 - up to the densities
        across, down = struct.unpack_from(">HH", jfif, 8)
        scale = from_density(across, down, _UNIT_UM[jfif[7]]) or scale
    return Header(
        format="JPEG",
        width=width,
        height=height,
        bit_depth=_BITS,
        picture=b"".join((*drawing, data[scan:])),
        orientation=orientation,
        um_per_px=scale,
    )


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment up to the end of the file."""
    start = 2
    while (start := data.find(b"\xff", start)) >= 0 and start + 4 <= len(data):
        marker = data[start + 1]
        if marker in {0x00, 0xFF} | _WITHOUT_LENGTH:
            start += 1 if marker == 0xFF else 2  # noqa: PLR2004 - padding
            continue
        if marker == _END:
            return
        length = struct.unpack_from(">H", data, start + 2)[0]
        end = start + 2 + length
        if length < 2 or end > len(data):  # noqa: PLR2004 - the length counts itself
            raise damaged("JPEG", "it ends too early")
        yield marker, start, end
        start = end
