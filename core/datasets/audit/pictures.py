"""Pixels of one file of a dataset, as fast as can be.

Most patches are plain 8-bit RGB PNG files, which OpenCV decodes faster than `read_image`, whose
care costs more than a small patch itself. Everything else, and everything that OpenCV refuses, is
left to `read_image`, which also says in words what is wrong with a file.
"""

import struct

import cv2
import numpy as np
from numpy.typing import NDArray

from core.imaging.formats import read_header
from core.imaging.read import read_image

_PNG = b"\x89PNG\r\n\x1a\n"
_START = _PNG + b"\0\0\0\rIHDR"
_CHUNK = struct.Struct(">I4s")
_END = b"\0\0\0\0IEND\xaeB`\x82"
_BIT_DEPTH_AND_COLOURS = slice(24, 29)
# Eight bits, RGB, the only compression and filter there are, not interlaced.
_PLAIN = bytes((8, 2, 0, 0, 0))
# Transparency, orientation, animation and colour profiles: `read_image` has rules for them.
_SPECIAL = {b"tRNS", b"eXIf", b"acTL", b"iCCP"}
_SHAPES = (b"pHYs", b"sCAL")


def decode_picture(data: bytes, max_bytes: int, max_pixels: int) -> tuple[NDArray[np.uint8], bool]:
    """Decode the bytes of an image file.

    Parameters
    ----------
    data : bytes
        The whole file.
    max_bytes, max_pixels : int
        As `read_image` takes them.

    Returns
    -------
    tuple
        Pixels, (H, W, 3) uint8 RGB, and whether they are square, as far as the file says.

    Raises
    ------
    ImageError
        As `read_image` raises it.
    """
    if len(data) <= max_bytes and _is_plain_png(data, max_pixels):
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
        if pixels is not None:
            before = data[: data.find(b"IDAT")]
            silent = not any(name in before for name in _SHAPES)
            return pixels, silent or read_header(data).scale.square
    image = read_image(data, max_bytes=max_bytes, max_pixels=max_pixels)
    return image.pixels, image.info.square_pixels


def _is_plain_png(data: bytes, max_pixels: int) -> bool:
    if not (data.startswith(_START) and data.endswith(_END)):
        return False
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if not 0 < width * height <= max_pixels or data[_BIT_DEPTH_AND_COLOURS] != _PLAIN:
        return False
    at, kind = len(_PNG), b""
    while kind != b"IEND" and at + 12 <= len(data):
        length, kind = _CHUNK.unpack_from(data, at)
        if kind in _SPECIAL:
            return False
        at += 12 + length
    return at == len(data)
