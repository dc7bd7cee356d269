"""The strips and tiles of a TIFF page, checked before they are decoded."""

import math
import re
import struct
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.imaging.formats import read_webp
from core.imaging.header import damaged, excessive, unsupported
from core.imaging.jpeg import frame_of
from core.imaging.png import read_png

if TYPE_CHECKING:
    from tifffile import TiffPage

_NAMES = {
    6: "old-style JPEG", 9: "JBIG", 10: "JBIG", 32766: "NeXT", 32809: "ThunderScan",
    32908: "Pixar film", 32909: "Pixar log", 34661: "JBIG", 34676: "SGI Log", 34677: "SGI Log",
    34713: "Nikon raw", 34715: "JBIG2", 34892: "lossy DNG", 34934: "JPEG XR", 22610: "JPEG XR",
    48124: "Jetraw", 65000: "Thermo Fisher EER", 65001: "Thermo Fisher EER",
}  # fmt: skip
_JPEG, _JPEG_2000, _LERC = {7, 33007}, {33003, 33004, 33005, 34712}, {34887}
_WEBP, _JPEG_XL, _PNG = {34927, 50001}, {50002, 52546}, {34933}
BYTEWISE = {1, 2, 3, 4, 5, 8, 32946, 32773, 34925, 34926, 50000}
"""Compressions of bytes, whatever they mean; the others are of pictures."""
READ = BYTEWISE | _JPEG | _JPEG_2000 | _LERC | _WEBP | _JPEG_XL | _PNG
_APERIO_YCBCR = 33003
_LARGEST_TILE = 1 << 26
# Tiles may reach over the edge of a small image, but not by this many pixels.
_MOST_OVER = 1 << 24
_MOST_READ = 4  # times: blank pieces may share their bytes
_SLACK, _LEAST_COUNTED = 2, 65_536
_END = b"\xff\xd9"
_ZSTANDARD, _DEFLATED = b"\x28\xb5\x2f\xfd", b"x"
_TAIL = 64
_JXL_RATIOS = (None, (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


def check_pieces(page: "TiffPage", data: bytes) -> None:
    """Refuse a page whose pieces are missing, are coded in an unknown way, or would grow too large.

    Raises
    ------
    ImageError
    """
    compression = int(page.compression)
    if compression not in READ:
        name = _NAMES.get(compression, f"of a rare kind (number {compression})")
        raise unsupported(
            "TIFF", f"compression {name}" if "kind" in name else f"{name} compression"
        )
    height, width = page.rowsperstrip, page.imagewidth
    if page.is_tiled:
        height, width = page.tilelength, page.tilewidth
    pieces, offsets, counts = math.prod(page.chunked), page.dataoffsets, page.databytecounts
    planes = page.samplesperpixel if page.planarconfig != 1 else 1
    whole = page.imagewidth * page.imagelength
    if (
        width * height > max(_LARGEST_TILE, whole)
        or pieces * width * height // planes > 4 * whole + _MOST_OVER
    ):
        raise excessive("TIFF", f"{pieces:,} pieces of {width}×{height} px")
    if not offsets or len(offsets) < pieces or len(counts) < pieces:
        raise damaged("TIFF", "it does not say where all its pixels are")
    if page.is_contiguous and len(offsets) == 1:
        pieces = 1
    _check_places(offsets[:pieces], counts[:pieces], len(data))
    for offset, count in zip(offsets[:pieces], counts[:pieces], strict=True):
        if compression not in BYTEWISE:
            check_coded(data[offset : offset + count], compression, width, height)


def _check_places(offsets: Sequence[int], counts: Sequence[int], size: int) -> None:
    if not all(offsets) or not all(counts):
        raise unsupported("TIFF", "pieces that are left out")
    if any(offset + count > size for offset, count in zip(offsets, counts, strict=True)):
        raise damaged("TIFF", "it ends too early")
    if sum(counts) > _MOST_READ * size + _MOST_OVER:
        raise excessive("TIFF", f"{len(counts):,} pieces that share their bytes")


def check_coded(coded: bytes, compression: int, width: int, height: int) -> None:
    """Check the size that a piece declares which is a picture file of its own.

    Parameters
    ----------
    coded
        The bytes of a tile or strip.
    compression
        The number that TIFF has for it, of those that are not `BYTEWISE`.
    width, height
        Of the piece, as the page declares them.

    Raises
    ------
    ImageError
        If it would grow much larger, or is cut short.
    """
    declared: tuple[int, int] | None = None
    if compression in _JPEG:
        declared = frame_of(coded)
        if _END not in coded.rstrip(b"\0")[-_TAIL:]:
            raise damaged("TIFF", "it ends too early")
    elif compression in _JPEG_2000:
        declared = _jpeg_2000_size(coded, subsampled=compression != _APERIO_YCBCR)
    elif compression in _LERC:
        declared = _lerc_size(coded)
    elif compression in _WEBP:
        header = read_webp(coded)
        declared = header.width, header.height
    elif compression in _PNG:
        header = read_png(coded, checked=True)
        declared = header.width, header.height
    elif compression in _JPEG_XL:
        declared = _jpeg_xl_size(coded)
    if declared is None:
        raise damaged("TIFF", "its content does not make sense")
    if declared[0] * declared[1] > _SLACK * width * height + _LEAST_COUNTED:
        raise excessive("TIFF", f"a piece of {declared[0]}×{declared[1]} px")


def _jpeg_2000_size(coded: bytes, *, subsampled: bool) -> tuple[int, int] | None:
    """Size by the codestream; unless they may be `subsampled`, colours have one sample a pixel."""
    start = coded[: 1 << 16].find(b"\xff\x4f\xff\x51")
    if start < 0 or len(coded) < start + 42:
        return None
    right, bottom, left, top = struct.unpack_from(">4I", coded, start + 8)
    components = struct.unpack_from(">H", coded, start + 40)[0]
    steps = coded[start + 42 : start + 42 + 3 * components]
    if not subsampled and any(step > 1 for step in (*steps[1::3], *steps[2::3])):
        raise unsupported("TIFF", "JPEG 2000 compression with subsampled colours")
    # Each component has memory of its own.
    return max(right - left, 0) * max(components, 1) // 4 + 1, max(bottom - top, 0)


def _lerc_size(coded: bytes) -> tuple[int, int] | None:
    if coded.startswith(_ZSTANDARD):
        raise unsupported("TIFF", "LERC compression within Zstandard")
    if coded[:1] == _DEFLATED:
        coded = zlib.decompressobj().decompress(coded, _TAIL)
    blob = re.match(rb"Lerc2 ", coded)
    if not blob or len(coded) < 26:  # noqa: PLR2004 - up to the columns
        return None
    version = struct.unpack_from("<i", coded, 6)[0]
    rows, columns = struct.unpack_from("<ii", coded, 14 if version >= 3 else 10)  # noqa: PLR2004
    return (columns, rows) if rows > 0 and columns > 0 else None


def _jpeg_xl_size(coded: bytes) -> tuple[int, int] | None:
    """Size by the first bits of the codestream (ISO/IEC 18181-1, SizeHeader and ImageMetadata)."""
    start = coded[: 1 << 16].find(b"\xff\x0a")
    if start < 0:
        return None
    bits = int.from_bytes(coded[start + 2 : start + 42], "little")

    def take(count: int) -> int:
        nonlocal bits
        value, bits = bits & ((1 << count) - 1), bits >> count
        return value

    small = 0

    def side() -> int:
        return 8 * (take(5) + 1) if small else take((9, 13, 18, 30)[take(2)]) + 1

    def size() -> tuple[int, int]:
        nonlocal small
        small = take(1)
        height = side()
        ratio = _JXL_RATIOS[take(3)]
        return (side() if ratio is None else height * ratio[0] // ratio[1]), height

    declared = size()
    # ImageMetadata: unless all is as usual, extra fields say whether there are several frames.
    if not take(1) and take(1):
        take(3)  # orientation
        if take(1):
            size()
        if take(1) or take(1):  # a preview, an animation
            raise unsupported("TIFF", "JPEG XL compression with several frames")
    return declared
