"""Which kind of file this is, by its bytes whatever its name says, and what its header declares.

PNG chunk by chunk (W3C specification, third edition), BMP and WebP at their fixed places; JPEG and
TIFF have modules of their own.
"""

import struct
import zlib
from collections.abc import Callable, Iterator

from core.errors import ImageError
from core.imaging import jpeg
from core.imaging.header import Header, damaged, excessive
from core.imaging.scale import (
    NOT_STATED,
    UM_PER_METRE,
    StatedScale,
    first_usable,
    from_aspect,
    from_density,
    from_pixel_size,
    number,
)
from core.imaging.tiff.header import read_tiff
from core.imaging.tiff.tags import read_exif

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_DRAWING = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_PNG_METADATA = {b"pHYs": 9, b"sCAL": 4, b"eXIf": 1, b"acTL": 8, b"iCCP": 4}
"""Chunks that are looked at, and the least bytes that each needs."""
_PER_METRE = 1
_DEEP = 16
_LARGEST_PROFILE = 1 << 22
# Encoders write pictures in chunks of 8 kB and more.
_MOST_PNG_CHUNKS = 100_000
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
        f"This is {_likeness(data)}, not an image that Lobule reads. "
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
        If the file is cut short, a chunk that draws the picture fails its checksum, or there are
        more chunks than any picture needs.
    """
    chunks: dict[bytes, bytes] = {}
    pieces = [PNG_SIGNATURE]
    for name, content, whole in _png_chunks(data):
        sound = zlib.crc32(whole[4:-4]) == struct.unpack(">I", whole[-4:])[0]
        if name in _PNG_DRAWING:
            if not sound:
                raise damaged("PNG", "a checksum is wrong")
            # A transparent colour of 16 bits is left out: no 8-bit pixel equals it.
            if name != b"tRNS" or chunks.get(b"IHDR", b"")[8:9] != bytes([_DEEP]):
                pieces.append(whole)
        if name == b"IHDR" or (sound and len(content) >= _PNG_METADATA.get(name, len(content) + 1)):
            chunks.setdefault(name, content)
    if len(chunks.get(b"IHDR", b"")) != 13:  # noqa: PLR2004 - the size that the standard fixes
        raise damaged("PNG", "its header is missing")
    width, height, bit_depth = struct.unpack(">IIB", chunks[b"IHDR"][:9])
    orientation, scale = read_exif(chunks.get(b"eXIf", b""))
    return Header(
        format="PNG",
        width=width,
        height=height,
        bit_depth=bit_depth,
        picture=b"".join(pieces),
        pages=max(1, struct.unpack(">I", chunks.get(b"acTL", b"\0\0\0\1")[:4])[0]),
        orientation=orientation,
        scale=first_usable(*_png_scales(chunks), scale),
        profile=_png_profile(chunks.get(b"iCCP", b"")),
    )


def _png_scales(chunks: dict[bytes, bytes]) -> Iterator[StatedScale]:
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


def _png_profile(chunk: bytes) -> bytes:
    """Decompress an ICC profile, or as much of it as any real one has."""
    _, _, coded = chunk.partition(b"\0")
    try:
        return zlib.decompressobj().decompress(coded[1:], _LARGEST_PROFILE)
    except zlib.error:
        return b""


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield name, content and all bytes of each chunk up to the end of the image."""
    at, count = len(PNG_SIGNATURE), 0
    name = b""
    while name != b"IEND":
        count += 1
        if count > _MOST_PNG_CHUNKS:
            raise excessive("PNG", f"over {_MOST_PNG_CHUNKS:,} chunks")
        if at + 12 > len(data):
            raise damaged("PNG", "it ends too early")
        length, name = struct.unpack_from(">I4s", data, at)
        whole = data[at : at + 12 + length]
        if len(whole) < 12 + length:
            raise damaged("PNG", "it ends too early")
        yield name, whole[8:-4], whole
        at += 12 + length


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
    "PNG": _read_png,
    "JPEG": jpeg.read_jpeg,
    "TIFF": read_tiff,
    "BMP": _read_bmp,
    "WEBP": read_webp,
}
FORMATS = tuple(_READERS)
"""Names of the formats that are read, as `format_of` tells them."""
