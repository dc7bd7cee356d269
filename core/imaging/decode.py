"""Pixels of a checked image file: Pillow decodes, and every mode ends as 8-bit RGB."""

import io

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
from core.imaging.headers.header import Header, damaged, unsupported

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


def decode(header: Header) -> tuple[NDArray[np.uint8], str, tuple[str, ...]]:
    """Decode the picture of a header.

    Values of more than 8 bits keep their upper 8 bits, whatever the image holds (the inverse of
    the usual widening by 257). Transparency is laid over white. CMYK is turned into RGB by the
    plain rule, without colour profiles.

    Returns
    -------
    tuple
        (H, W, 3) uint8 RGB in the stored orientation, the stored mode in Pillow's words, and notes
        on what was done to the pixels.

    Raises
    ------
    ImageError
        If the file is damaged or its pixels are of an unsupported kind.
    """
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
