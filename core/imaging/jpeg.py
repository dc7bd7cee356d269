"""JPEG headers, segment by segment (ITU-T T.81; JFIF 1.02; EXIF 2.3; ICC.1 annex B.4)."""

import re
import struct
from collections.abc import Iterator

from core.imaging.header import Header, damaged, excessive, unsupported
from core.imaging.scale import first_usable
from core.imaging.tiff.tags import density_of, read_exif

SIGNATURE = b"\xff\xd8\xff"
_JFIF, _EXIF, _ICC, _ADOBE, _SCAN, _END = 0xE0, 0xE1, 0xE2, 0xEE, 0xDA, 0xD9
_TABLES = {0xC4, 0xDB, 0xDD}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_COMMON_FRAMES = {0xC0, 0xC1, 0xC2}
_RARE = {0xC3: "lossless JPEG compression", 0xF7: "JPEG-LS compression"}
_BITS, _CM = 8, 2
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
_PROFILE = b"ICC_PROFILE\0"
_LARGEST_PROFILE = 1 << 22
# EXIF, colour profile, and XMP in pieces of 64 kB: real files have tens, seldom hundreds.
_MOST_SEGMENTS = 4096
# Encoders write about ten; each costs as much as a pass over all pixels.
_MOST_SCANS = 64
_USUAL_SCANS = 12
_MOST_WORK = 1_200_000_000


def read_jpeg(data: bytes) -> Header:
    """Read the header of a JPEG file.

    Raises
    ------
    ImageError
        If the file ends before the picture begins, is coded in a way that no viewer reads, or would
        take work out of all proportion.
    """
    drawing = [data[:2]]
    frame, exif, jfif, scan = b"", b"", b"", len(data)
    profile: dict[int, bytes] = {}
    for marker, start, end in _segments(data):
        if marker == _SCAN:
            scan = start
            break
        content = data[start + 4 : end]
        if marker in _FRAMES and not frame:
            _check_frame(marker, content)
            frame = content
        elif marker == _EXIF:
            exif = exif or (content if content.startswith(b"Exif") else b"")
        elif marker == _JFIF and content.startswith(b"JFIF\0"):
            jfif = jfif or content
        elif marker == _ICC and content.startswith(_PROFILE) and len(content) > len(_PROFILE) + 2:
            profile.setdefault(content[len(_PROFILE)], content[len(_PROFILE) + 2 :])
        if marker in _FRAMES | _TABLES | {_JFIF, _ADOBE}:
            drawing.append(data[start:end])
    if len(frame) < 5 or scan == len(data):  # noqa: PLR2004 - depth, height and width
        raise damaged("JPEG", "it ends before the picture begins")
    height, width = struct.unpack_from(">HH", frame, 1)
    _check_scans("JPEG", data, scan, width * height)
    orientation, scale = read_exif(exif)
    if len(jfif) >= 12:  # noqa: PLR2004 - up to the densities
        unit, across, down = struct.unpack_from(">BHH", jfif, 7)
        # None, inch and centimetre are 0 to 2 here, and in tags 1 to 3.
        scale = first_usable(density_of(across, down, unit + 1 if unit <= _CM else 1), scale)
    return Header(
        format="JPEG",
        width=width,
        height=height,
        bit_depth=_BITS,
        picture=b"".join((*drawing, data[scan:])),
        orientation=orientation,
        scale=scale,
        profile=b"".join(profile[key] for key in sorted(profile))[:_LARGEST_PROFILE],
    )


def frame_of(coded: bytes) -> tuple[int, int] | None:
    """Width and height of a JPEG stream within another file; None if it has no frame.

    Raises
    ------
    ImageError
        If decoding it would take work out of all proportion.
    """
    frame = None
    for marker, start, end in _segments(coded, "TIFF"):
        if marker in _FRAMES and end - start >= 9:  # noqa: PLR2004 - up to the width
            height, width = struct.unpack_from(">HH", coded, start + 5)
            frame = width, height
        if marker == _SCAN:
            if frame:
                _check_scans("TIFF", coded, start, frame[0] * frame[1])
            break
    return frame


def _check_frame(marker: int, content: bytes) -> None:
    if marker not in _COMMON_FRAMES:
        raise unsupported("JPEG", _RARE.get(marker, "a rare kind of compression"))
    if content[:1] != bytes([_BITS]):
        raise unsupported("JPEG", f"{content[0] if content else 0} bits a colour")


def _check_scans(name: str, data: bytes, start: int, pixels: int) -> None:
    scans = _scans(name, data, start)
    if scans > _MOST_SCANS or (scans > _USUAL_SCANS and scans * pixels > _MOST_WORK):
        raise excessive(name, f"{scans} scans")


def _scans(name: str, data: bytes, start: int) -> int:
    """Count scans from the first on, up to the picture's end: another one may come after it."""
    scans = steps = 0
    while (match := _MARKER.search(data, start)) and match[1][0] != _END:
        steps += 1
        if steps > _MOST_SEGMENTS:
            raise excessive(name, f"over {_MOST_SEGMENTS} segments in its picture")
        scans += match[1][0] == _SCAN
        length = int.from_bytes(data[match.end() : match.end() + 2])
        start = match.end() + length
    return scans


def _segments(data: bytes, name: str = "JPEG") -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment up to the end of the file."""
    start, steps = 2, 0
    while (start := data.find(b"\xff", start)) >= 0 and start + 4 <= len(data):
        steps += 1
        if steps > _MOST_SEGMENTS:
            raise excessive(name, f"over {_MOST_SEGMENTS} segments before its picture")
        marker = data[start + 1]
        if marker in {0x00, 0xFF} | _WITHOUT_LENGTH:
            start += 1 if marker == 0xFF else 2  # noqa: PLR2004 - padding
            continue
        if marker == _END:
            return
        length = struct.unpack_from(">H", data, start + 2)[0]
        end = start + 2 + length
        if length < 2 or end > len(data):  # noqa: PLR2004 - the length counts itself
            raise damaged(name, "it ends too early")
        yield marker, start, end
        start = end
