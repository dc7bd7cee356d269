"""Which kind of file this is, by its bytes whatever its name says, and what its header declares.

BMP and WebP at their fixed places; PNG, JPEG and TIFF have modules of their own.
"""

import struct
from collections.abc import Callable

from core.errors import ImageError
from core.imaging import jpeg
from core.imaging.header import Header, damaged, excessive
from core.imaging.png import SIGNATURE as PNG_SIGNATURE
from core.imaging.png import read_png
from core.imaging.scale import (
    NOT_STATED,
    UM_PER_METRE,
    StatedScale,
    from_density,
)
from core.imaging.tiff.header import read_tiff
from core.imaging.tiff.tags import read_exif

_LARGEST_PROFILE = 1 << 22
_MOST_WEBP_CHUNKS = 20_000
_OLD_BMP, _BMP_5 = 12, 124
_EMBEDDED = b"DEBM"
_LEAST_BMP, _LEAST_WEBP = 54, 30
_RUN_LENGTH = {1, 2}
# Run lengths are decoded byte by byte in Python: some seconds for this many.
_MOST_RUN_BYTES = 8_000_000
_TIFF = (b"II\x2a\0", b"MM\0\x2a", b"II\x2b\0", b"MM\0\x2b")
_SIGNATURES: tuple[tuple[str, tuple[bytes, ...]], ...] = (
    ("PNG", (PNG_SIGNATURE,)),
    ("JPEG", (jpeg.SIGNATURE,)),
    ("TIFF", _TIFF),
    ("BMP", (b"BM",)),
)
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
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (0, b"II\xbc", "a JPEG XR picture"),
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
SUFFIXES = {
    "PNG": {".png", ".apng"},
    "JPEG": {".jpg", ".jpeg", ".jpe", ".jfif"},
    "TIFF": {".tif", ".tiff", ".btf", ".tf8", ".svs", ".ndpi", ".scn"},
    "BMP": {".bmp", ".dib"},
    "WEBP": {".webp"},
}
"""What files of each format are called."""
_SAMPLE = 512
_PRINTABLE = bytes({*range(0x20, 0x7F), *b"\t\n\r\f"})


def read_header(data: bytes) -> Header:
    """Recognise an image file and read its header.

    Raises
    ------
    ImageError
        If it is no image of a supported format, saying what it looks like; or a damaged one.
    """
    reader = _READERS.get(format_of(data))
    if reader:
        return reader(data)
    raise ImageError(
        f"This is {likeness(data)}, not an image that Lobule reads. "
        "Give a PNG, JPEG, TIFF, BMP or WebP image of the tissue."
    )


def format_of(data: bytes) -> str:
    """Which format the first bytes of a file tell: "PNG", "JPEG", "TIFF", "BMP", "WEBP" or ""."""
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    return next((name for name, signatures in _SIGNATURES if data.startswith(signatures)), "")


def misnamed(suffix: str, name: str) -> bool:
    """Whether a file's suffix belongs to another image format than its content."""
    others = set().union(*SUFFIXES.values()) - SUFFIXES[name]
    return suffix.lower() in others


def likeness(data: bytes) -> str:
    """What a file that is no image looks like by its first bytes, in words: "a PDF document"."""
    start = data[:_SAMPLE]
    for at, signature, words in _OTHERS:
        if (
            start.lstrip()[:16].lower().startswith(signature.lower())
            if at == 0
            else (start[at : at + len(signature)] == signature)
        ):
            return words
    return "a text file" if not start.translate(None, _PRINTABLE) else "a file of an unknown kind"


def _read_bmp(data: bytes) -> Header:
    """Read the header of a BMP file.

    Raises
    ------
    ImageError
        If it is cut short, or would take far longer to decode than any real image.
    """
    if len(data) < 26:  # noqa: PLR2004 - the shortest header there is
        raise damaged("BMP", "its header is missing")
    scale, profile = NOT_STATED, b""
    if struct.unpack_from("<I", data, 14)[0] == _OLD_BMP:
        width, height, _, bits = struct.unpack_from("<4H", data, 18)
    elif len(data) < _LEAST_BMP:
        raise damaged("BMP", "its header is missing")
    else:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
        across, down = struct.unpack_from("<ii", data, 38)
        scale = from_density(across, down, UM_PER_METRE)
        profile = _bmp_profile(data)
        if compression in _RUN_LENGTH and max(len(data), abs(width * height)) > _MOST_RUN_BYTES:
            raise excessive("BMP", f"{len(data) / 1e6:.1f} MB of run lengths")
    # Rows that run from top to bottom are declared by a negative height.
    return Header("BMP", width, abs(height), min(bits, 8), data, scale=scale, profile=profile)


def _bmp_profile(data: bytes) -> bytes:
    """ICC profile that a header of version 5 says to be embedded."""
    if struct.unpack_from("<I", data, 14)[0] < _BMP_5 or len(data) < 14 + _BMP_5:
        return b""
    if data[70:74] != _EMBEDDED:
        return b""
    start, size = struct.unpack_from("<II", data, 126)
    return data[14 + start : 14 + start + size] if 0 < size <= _LARGEST_PROFILE else b""


def read_webp(data: bytes) -> Header:
    """Read the header of a WebP file.

    Raises
    ------
    ImageError
        If it is cut short, of an unknown kind, or made of more chunks than any picture needs.
    """
    if len(data) < _LEAST_WEBP:
        raise damaged("WebP", "its header is missing")
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
        return Header("WEBP", width, height, 8, data)
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return Header("WEBP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, 8, data)
    if kind != b"VP8X":
        raise damaged("WebP", "its header is of no known kind")
    width = int.from_bytes(data[24:27], "little") + 1
    height = int.from_bytes(data[27:30], "little") + 1
    orientation, scale, frames, profile = _webp_chunks(data)
    return Header("WEBP", width, height, 8, data, frames, orientation, scale, profile)


def _webp_chunks(data: bytes) -> tuple[int, StatedScale, int, bytes]:
    """Orientation and scale from the EXIF chunk, number of animation frames, colour profile."""
    exif, profile, frames, at, count = b"", b"", 0, 12, 0
    while at + 8 <= len(data):
        count += 1
        if count > _MOST_WEBP_CHUNKS:
            raise excessive("WebP", f"over {_MOST_WEBP_CHUNKS:,} chunks")
        name, size = struct.unpack_from("<4sI", data, at)
        if name == b"EXIF":
            exif = data[at + 8 : at + 8 + size]
        if name == b"ICCP" and size <= _LARGEST_PROFILE:
            profile = data[at + 8 : at + 8 + size]
        frames += name == b"ANMF"
        at += 8 + size + size % 2
    return *read_exif(exif), max(1, frames), profile


_READERS: dict[str, Callable[[bytes], Header]] = {
    "PNG": read_png,
    "JPEG": jpeg.read_jpeg,
    "TIFF": read_tiff,
    "BMP": _read_bmp,
    "WEBP": read_webp,
}
FORMATS = tuple(_READERS)
"""Names of the formats that are read, as `format_of` tells them."""
