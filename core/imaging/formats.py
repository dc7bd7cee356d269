"""Which kind of file this is, by its bytes whatever its name says, and what its header declares.

PNG chunk by chunk (W3C specification, third edition), JPEG segment by segment (ITU-T T.81; JFIF
1.02; EXIF 2.3), BMP and WebP at their fixed places; TIFF has a module of its own.
"""

import struct
import zlib
from collections.abc import Callable, Iterator

from core.errors import ImageError
from core.imaging.header import (
    UM_PER_CM,
    UM_PER_INCH,
    UM_PER_METRE,
    Header,
    damaged,
    from_density,
    unsupported,
)
from core.imaging.tiff import read_exif, read_tiff

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_DRAWING = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_PNG_METADATA = {b"pHYs": 9, b"eXIf": 1, b"acTL": 8}
"""Chunks that are looked at, and the least bytes that each needs."""
_PER_METRE = 1
_JPEG_SIGNATURE = b"\xff\xd8\xff"
_JFIF, _EXIF, _SCAN, _END = 0xE0, 0xE1, 0xDA, 0xD9
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_COMMON_FRAMES = {0xC0, 0xC1, 0xC2}
_BITS = 8
_UNIT_UM = {1: UM_PER_INCH, 2: UM_PER_CM}
_OLD_BMP = 12
_LEAST_BMP, _LEAST_WEBP = 54, 30
_TIFF = (b"II\x2a\0", b"MM\0\x2a", b"II\x2b\0", b"MM\0\x2b")
_OTHERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF8", "a GIF picture"),
    (0, b"%PDF", "a PDF document"),
    (128, b"DICM", "a DICOM file"),
    (0, b"ZISRAWFILE", "a Zeiss CZI slide"),
    (0, b"\x89HDF", "an HDF5 file"),
    (0, b"PK\x03\x04", "a ZIP archive or an Office document"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"7z\xbc\xaf", "a 7z archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"\xd0\xcf\x11\xe0", "an old Office document"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (4, b"ftypheic", "a HEIC photograph"),
    (4, b"ftypmif1", "a HEIC photograph"),
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftyp", "a video"),
    (0, b"RIFF", "a sound or video file"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program"),
    (0, b"{", "a JSON or text file"),
    (0, b"<svg", "an SVG drawing"),
    (0, b"<", "a web page or XML file"),
)
_NAMES = {
    "PNG": {".png", ".apng"},
    "JPEG": {".jpg", ".jpeg", ".jpe", ".jfif"},
    "TIFF": {".tif", ".tiff", ".btf", ".tf8", ".svs", ".ndpi", ".scn"},
    "BMP": {".bmp", ".dib"},
    "WEBP": {".webp"},
}
_SAMPLE = 512
_PRINTABLE = bytes({*range(0x20, 0x7F), *b"\t\n\r\f"})


def read_header(data: bytes) -> Header:
    """Recognise an image file and read its header.

    Raises
    ------
    ImageError
        If it is no image of a supported format, saying what it looks like; or a damaged one.
    """
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _read_webp(data)
    for signatures, reader in _READERS:
        if data.startswith(signatures):
            return reader(data)
    raise ImageError(
        f"This is {_likeness(data)}, not an image that Lobule reads. "
        "Give a PNG, JPEG, TIFF, BMP or WebP image of the tissue."
    )


def misnamed(suffix: str, name: str) -> bool:
    """Whether a file's suffix belongs to another image format than its content."""
    others = set().union(*_NAMES.values()) - _NAMES[name]
    return suffix.lower() in others


def _likeness(data: bytes) -> str:
    start = data[:_SAMPLE]
    for at, signature, words in _OTHERS:
        if (
            start.lstrip()[:16].lower().startswith(signature.lower())
            if at == 0
            else (start[at : at + len(signature)] == signature)
        ):
            return words
    return "a text file" if not start.translate(None, _PRINTABLE) else "a file of an unknown kind"


def _read_png(data: bytes) -> Header:
    """Read the header of a PNG file.

    Raises
    ------
    ImageError
        If the file is cut short, or a chunk that draws the picture fails its checksum.
    """
    drawing = [PNG_SIGNATURE]
    chunks: dict[bytes, bytes] = {}
    for name, content, whole in _png_chunks(data):
        sound = zlib.crc32(whole[4:-4]) == struct.unpack(">I", whole[-4:])[0]
        if name in _PNG_DRAWING:
            if not sound:
                raise damaged("PNG", "a checksum is wrong")
            drawing.append(whole)
        if name == b"IHDR" or (sound and len(content) >= _PNG_METADATA.get(name, len(content) + 1)):
            chunks.setdefault(name, content)
    if len(chunks.get(b"IHDR", b"")) != 13:  # noqa: PLR2004 - the size that the standard fixes
        raise damaged("PNG", "its header is missing")
    width, height, bit_depth = struct.unpack(">IIB", chunks[b"IHDR"][:9])
    orientation, scale = read_exif(chunks.get(b"eXIf", b""))
    across, down, unit = struct.unpack(">IIB", chunks.get(b"pHYs", b"\0" * 9)[:9])
    if unit == _PER_METRE:
        scale = from_density(across, down, UM_PER_METRE) or scale
    return Header(
        format="PNG",
        width=width,
        height=height,
        bit_depth=bit_depth,
        picture=b"".join(drawing),
        pages=max(1, struct.unpack(">I", chunks.get(b"acTL", b"\0\0\0\1")[:4])[0]),
        orientation=orientation,
        um_per_px=scale,
    )


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield name, content and all bytes of each chunk up to the end of the image."""
    at = len(PNG_SIGNATURE)
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


def _read_jpeg(data: bytes) -> Header:
    """Read the header of a JPEG file.

    Raises
    ------
    ImageError
        If the file ends before the picture begins, or is coded in a way that no viewer reads.
    """
    drawing = [data[:2]]
    frame, exif, jfif, scan = b"", b"", b"", len(data)
    for marker, start, end in _jpeg_segments(data):
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


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
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


def _read_bmp(data: bytes) -> Header:
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


def _read_webp(data: bytes) -> Header:
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
        orientation, scale, frames = _webp_chunks(data)
    else:
        raise damaged("WebP", "its header is of no known kind")
    return Header("WEBP", width, height, 8, data, frames, orientation, scale)


def _webp_chunks(data: bytes) -> tuple[int, float | None, int]:
    """Orientation and µm/px from the EXIF chunk, and the number of animation frames."""
    exif, frames, at = b"", 0, 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if name == b"EXIF":
            exif = data[at + 8 : at + 8 + size]
        frames += name == b"ANMF"
        at += 8 + size + size % 2
    return *read_exif(exif), max(1, frames)


_READERS: tuple[tuple[tuple[bytes, ...], Callable[[bytes], Header]], ...] = (
    ((PNG_SIGNATURE,), _read_png),
    ((_JPEG_SIGNATURE,), _read_jpeg),
    (_TIFF, read_tiff),
    ((b"BM",), _read_bmp),
)
