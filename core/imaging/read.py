"""Bytes or a file to RGB pixels, with what the file says of them: Pillow decodes, we check."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from core.errors import ImageError
from core.imaging.formats import misnamed, read_header
from core.imaging.header import Header, damaged, unsupported
from core.settings import get_settings

_SIDEWAYS = {5, 6, 7, 8}
_LARGEST_SIDE = 1 << 20
# Called directly rather than through PIL.Image.open, whose own pixel limit is a global that other
# code may set and that warns: ours has been checked already.
_DECODERS: dict[str, type[ImageFile]] = {
    "PNG": PngImageFile,
    "JPEG": JpegImageFile,
    "TIFF": TiffImageFile,
    "BMP": BmpImageFile,
    "WEBP": WebPImageFile,
}
_GREY_16 = {"I", "I;16", "I;16B", "I;16L"}
_WITH_ALPHA = {"RGBA", "LA", "La", "PA", "RGBa"}
_SIMPLE = {"RGB", "RGBX", "L", "1", "P", "CMYK", "YCbCr"}
_DIM = 16


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
    page or frame is read, the EXIF orientation is applied; `core.imaging.header` holds the rules
    for µm/px. Values of more than 8 bits keep their upper 8 bits, whatever the image holds (the
    inverse of the usual widening by 257). Transparency is laid over white. CMYK is turned into RGB
    by the plain rule, without colour profiles.

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
    data = _load(source, max_bytes) if isinstance(source, Path) else source
    if not data:
        raise ImageError("The image file is empty (0 bytes). Copy or export it again.")
    _check_bytes(len(data), max_bytes)
    header = read_header(data)
    _check_size(header, max_pixels)
    pixels, mode, notes = _decode(header)
    pixels = _turn(pixels, header.orientation)
    if header.orientation > 1:
        notes = (*notes, "turned upright as the file's orientation says")
    if header.pages > 1:
        kind = "pages" if header.format == "TIFF" else "frames"
        notes = (f"first of {header.pages} {kind}", *notes)
    suffix = source.suffix if isinstance(source, Path) else PurePath(name or "").suffix
    if misnamed(suffix, header.format):
        notes = (f"named {suffix}, but its content is {header.format}", *notes)
    height, width = pixels.shape[:2]
    digest = hashlib.sha256(data).hexdigest()
    return Image(
        pixels,
        ImageInfo(
            header.format, mode, header.bit_depth, width, height, header.um_per_px, digest, notes
        ),
    )


def _load(path: Path, max_bytes: int) -> bytes:
    """Read a file, but never more of it than the limit allows."""
    try:
        if not path.is_file():
            state = "is a folder or device" if path.exists() else "does not exist"
            raise ImageError(f"{path} {state}. Give the path of an image file.")
        _check_bytes(path.stat().st_size, max_bytes)
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        raise ImageError(f"{path} cannot be opened ({error}). Check its permissions.") from error


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


def _decode(header: Header) -> tuple[NDArray[np.uint8], str, tuple[str, ...]]:
    """Decode a picture as it is stored: RGB, the mode in Pillow's words, and what was done."""
    try:
        with _DECODERS[header.format](io.BytesIO(header.picture)) as image:
            _check_agreement(image, header)
            if header.format == "TIFF":
                # Given memory, Pillow's TIFF reader skips the global pixel limit and its warning.
                image.im = PillowImage.new(image.mode, image.size, None).im
            image.load()
            return _to_rgb(image, header)
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError(
            f"There is not enough memory for {header.width}×{header.height} px. Close other "
            "programs, or export a smaller region."
        ) from error
    except Exception as error:  # damaged files raise anything, from SyntaxError to struct.error
        raise damaged(header.format, _reason(error)) from error


def _check_agreement(image: PillowImage.Image, header: Header) -> None:
    """Refuse a picture of another size than the header's, which is the one that was limited."""
    if image.size != (header.width, header.height):
        raise damaged(header.format, "it declares two different sizes")


def _reason(error: Exception) -> str:
    words = str(error)
    return "it ends too early" if "truncated" in words else "its content does not make sense"


def _to_rgb(
    image: PillowImage.Image, header: Header
) -> tuple[NDArray[np.uint8], str, tuple[str, ...]]:
    mode, notes = image.mode, []
    if header.bit_depth > 8:  # noqa: PLR2004 - more than a uint8 holds
        notes.append(f"{header.bit_depth} bit scaled to 8 bit")
        # A transparent colour is given in 16 bits, which no 8-bit pixel equals.
        image.info.pop("transparency", None)
    if mode in _GREY_16:
        grey = np.asarray(image).astype(np.uint16) >> (header.bit_depth - 8)
        grey = 255 - grey if header.white_is_zero else grey
        pixels = np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
        mode = f"I;{header.bit_depth}"
    elif mode in _WITH_ALPHA or "transparency" in image.info:
        pixels, seen = _over_white(image)
        notes += ["transparency laid over white"] * seen
    elif mode in _SIMPLE:
        pixels = np.array(image if mode == "RGB" else image.convert("RGB"))
    else:
        raise unsupported(header.format, f"the colour space {mode}")
    if header.bit_depth > 8:  # noqa: PLR2004
        mode = mode if mode.startswith("I;") else f"{mode};{header.bit_depth}"
        if pixels.size and pixels.max() < _DIM:
            notes.append("very dark: the camera used few of the bits; export as 8 bit instead")
    if mode == "CMYK":
        notes.append("CMYK turned into RGB")
    return pixels, mode, tuple(notes)


def _over_white(image: PillowImage.Image) -> tuple[NDArray[np.uint8], bool]:
    """Composite over white; also whether anything was transparent."""
    if image.mode in {"La", "RGBa"}:
        image = image.convert("LA" if image.mode == "La" else "RGBA")
    layer = image.convert("RGBA")
    white = PillowImage.new("RGBA", layer.size, "white")
    seen = layer.getchannel("A").getextrema() != (255, 255)
    return np.array(PillowImage.alpha_composite(white, layer).convert("RGB")), seen
