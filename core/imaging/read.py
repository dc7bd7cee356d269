"""Bytes or a file to RGB pixels, with what the file says of them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageError
from core.imaging.decode import decode
from core.imaging.formats import misnamed, read_header
from core.imaging.header import Header, damaged
from core.settings import get_settings

PIXELS_VERSION = 3
"""Raised whenever some file gives other pixels than before, so that old ones are used no more."""
_SIDEWAYS = {5, 6, 7, 8}
_LARGEST_SIDE = 1 << 20


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What is known of an image besides its pixels."""

    format: str
    """ "PNG", "JPEG", "TIFF", "BMP" or "WEBP", by content."""
    mode: str
    """As stored, in Pillow's words: "RGB", "L", "P", "CMYK", "RGBA", "I;16", "RGB;16"…"""
    bit_depth: int
    """Bits per channel as stored."""
    width: int
    """Pixels, after the EXIF orientation."""
    height: int
    """Pixels, after the EXIF orientation."""
    um_per_px: float | None
    """Micrometres per pixel, if the file states a scale that a microscope can have."""
    sha256: str
    """Of the file's bytes."""
    notes: tuple[str, ...]
    """What was done to the pixels, in words."""
    scale_words: str = ""
    """Why what the file says of its scale cannot be used, as a clause after "The file"; empty if it
    can, or if the file says nothing."""
    square_pixels: bool = True
    """Whether pixels are as high as wide, as far as the file says."""


@dataclass(frozen=True, slots=True)
class Image:
    """Pixels and what is known of them."""

    pixels: NDArray[np.uint8]
    """(H, W, 3) RGB."""
    info: ImageInfo


def read_image(
    source: bytes | Path,
    *,
    name: str | None = None,
    max_bytes: int | None = None,
    max_pixels: int | None = None,
) -> Image:
    """Read a PNG, JPEG, TIFF, BMP or WebP image.

    Both limits are checked before anything is decoded. The format is told by content, the first
    page or frame that is no thumbnail is read, the EXIF orientation is applied, and colours are
    those of sRGB; `core.imaging.decode` holds the rules for 16 bits, transparency and CMYK,
    `core.imaging.scale` those for µm/px.

    Parameters
    ----------
    source
        The bytes of a file, or its path.
    name
        What the file is called, where its bytes are given: a suffix that belies the content is
        noted.
    max_bytes, max_pixels
        Largest file and largest width times height; None: from the settings.

    Raises
    ------
    ImageError
        If the source is missing, empty, over a limit, no supported image, or damaged.
    """
    max_bytes = get_settings().max_image_bytes if max_bytes is None else max_bytes
    max_pixels = get_settings().max_image_pixels if max_pixels is None else max_pixels
    data = load_bytes(source, max_bytes) if isinstance(source, Path) else source
    if not data:
        raise ImageError("The image file is empty (0 bytes). Copy or export it again.")
    _check_bytes(len(data), max_bytes)
    header = read_header(data)
    _check_size(header, max_pixels)
    pixels, mode, notes = decode(header)
    pixels = _turn(pixels, header.orientation)
    if header.orientation > 1:
        notes = (*notes, "turned upright as the file's orientation says")
    notes = (*_which(header, mode), *notes)
    suffix = source.suffix if isinstance(source, Path) else PurePath(name or "").suffix
    if misnamed(suffix, header.format):
        notes = (f"named {suffix}, but its content is {header.format}", *notes)
    if header.scale.contradicted_by is not None:
        two = (
            f"{header.scale.um_per_px:g} µm/px and elsewhere {header.scale.contradicted_by:g} µm/px"
        )
        notes = (*notes, f"states {two}; the first is taken")
    height, width = pixels.shape[:2]
    digest = hashlib.sha256(data).hexdigest()
    return Image(
        pixels,
        ImageInfo(
            format=header.format,
            mode=mode,
            bit_depth=header.bit_depth,
            width=width,
            height=height,
            um_per_px=header.scale.um_per_px,
            sha256=digest,
            notes=notes,
            scale_words=header.scale.words,
            square_pixels=header.scale.square,
        ),
    )


def _which(header: Header, mode: str) -> tuple[str, ...]:
    """Say which of several pages or frames was read."""
    if header.planes:
        words = "three pages of red, green and blue put together"
        if not header.planes_named:
            words = "three channels without names taken for red, green and blue"
        return (words, f"first of {header.pages} pictures") if header.pages > 1 else (words,)
    if header.pages == 1:
        return ()
    if header.page > 0:
        return (f"page {header.page + 1} of {header.pages}; those before it are not pictures",)
    if header.format != "TIFF":
        return (f"first of {header.pages} frames",)
    grey = ", which is one channel only, without colour" if mode in {"L", "I;16"} else ""
    return (f"first of {header.pages} pages{grey}",)


def load_bytes(path: Path, max_bytes: int | None = None) -> bytes:
    """Read a file, but never more of it than the limit allows; None: that of the settings.

    Raises
    ------
    ImageError
        If it is missing, over the limit, or cannot be opened.
    """
    max_bytes = get_settings().max_image_bytes if max_bytes is None else max_bytes
    try:
        if not path.is_file():
            state = "is a folder or device" if path.exists() else "does not exist"
            raise ImageError(f"{path} {state}. Give the path of an image file.")
        _check_bytes(path.stat().st_size, max_bytes)
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        raise ImageError(f"{path} cannot be opened ({error}). Check its permissions.") from error


def load_or_reason(path: Path) -> bytes | str:
    """The content of a file that is read elsewhere, or why it cannot be."""
    try:
        return load_bytes(path)
    except ImageError as error:
        return str(error)


def _check_bytes(size: int, limit: int) -> None:
    if size > limit:
        raise ImageError(
            f"The image file has {size / 1e6:.1f} MB; at most {limit / 1e6:.1f} MB are read. "
            "Export a smaller region, or raise LOBULE_MAX_IMAGE_MEGABYTES."
        )


def _check_size(header: Header, limit: int) -> None:
    width, height = header.width, header.height
    if min(width, height) < 1:
        raise damaged(header.format, f"it declares {width}×{height} pixels")
    if width * height > limit or max(width, height) > _LARGEST_SIDE:
        raise ImageError(
            f"The image has {width}×{height} px ({width * height / 1e6:.1f} megapixels); at most "
            f"{limit / 1e6:.1f} megapixels are read. Export a region or a lower magnification "
            "(whole slides are too large), or raise LOBULE_MAX_IMAGE_MEGAPIXELS."
        )


def _turn(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Apply an EXIF orientation: 2 and 4 mirror, 3 turns by half, 5 to 8 swap the axes too."""
    if orientation in _SIDEWAYS:
        pixels = pixels.transpose(1, 0, 2)
    down = -1 if orientation in {3, 4, 7, 8} else 1
    across = -1 if orientation in {2, 3, 6, 7} else 1
    return np.ascontiguousarray(pixels[::down, ::across])
