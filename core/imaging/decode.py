"""Pixels of a checked image file, of every mode, as 8-bit sRGB."""

import io
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from core.errors import ImageError
from core.imaging.depth import bits_used, some_of, to_eight_bits
from core.imaging.header import Header, damaged, unsupported
from core.imaging.profile import to_srgb
from core.imaging.tiff.pixels import read_pixels

# Called directly rather than through PIL.Image.open, whose own pixel limit is a global that other
# code may set and that warns: ours has been checked already.
_DECODERS: dict[str, type[ImageFile]] = {
    "PNG": PngImageFile,
    "JPEG": JpegImageFile,
    "BMP": BmpImageFile,
    "WEBP": WebPImageFile,
}
_WITH_ALPHA = {"RGBA", "LA", "La", "PA", "RGBa"}
_SIMPLE = {"RGB", "RGBX", "L", "1", "P", "CMYK", "YCbCr"}
_KEPT = {"RGB", "L", "CMYK"}
_BY_SAMPLES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_DIM, _HALF = 16, 128
_NOTHING = 8
"""Alpha of 1 in 255 is that of programs which write "yes", and of 8 as good as 0."""
_EIGHT = 8
_BRIGHT = 95
"""Percentile: what is brighter may be hot pixels."""
_ROWS = 512


def decode(header: Header) -> tuple[NDArray[np.uint8], str, tuple[str, ...]]:
    """Decode the picture of a header.

    Values of more than 8 bits keep the upper 8 of those that the camera used, as
    `core.imaging.depth` finds them. Transparency is laid over white; where everything is
    transparent, it is taken for a channel that was never filled. Colours are converted from the
    file's profile to sRGB; CMYK without one is turned into RGB by the plain rule.

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
        return _decode(header)
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError(
            f"There is not enough memory for {header.width}×{header.height} px. Close other "
            "programs, or export a smaller region."
        ) from error
    except Exception as error:  # damaged files raise anything, from SyntaxError to struct.error
        raise damaged(header.format, _reason(error)) from error


def _decode(header: Header) -> tuple[NDArray[np.uint8], str, tuple[str, ...]]:
    notes: list[str] = []
    if header.format == "TIFF":
        stored, mode = read_pixels(header)
    elif header.format == "PNG" and header.bit_depth > _EIGHT:
        stored = _deep_png(header)
        mode = _BY_SAMPLES[stored.shape[-1]]
    else:
        stored = _by_pillow(header)
        mode = stored.mode
    if isinstance(stored, np.ndarray):
        stored = _shallow(stored, mode, header, notes)
        mode = "I;16" if mode == "L" else f"{mode};{header.bit_depth}"
    if stored.mode in _WITH_ALPHA or "transparency" in stored.info:
        stored, note = _over_white(stored)
        notes += [note] * bool(note)
    elif stored.mode not in _SIMPLE:
        raise unsupported(header.format, f"the colour space {stored.mode}")
    elif stored.mode not in _KEPT:
        stored = stored.convert("L" if stored.mode == "1" else "RGB")
    if header.profile:
        stored, conversion = to_srgb(stored, header.profile)
        notes += [conversion] if conversion else []
    if stored.mode == "CMYK":
        notes.append("CMYK turned into RGB")
    pixels = np.array(stored if stored.mode == "RGB" else stored.convert("RGB"))
    if pixels.shape[:2] != (header.height, header.width):
        raise damaged(header.format, "it declares two different sizes")
    return pixels, mode, tuple(notes)


def _by_pillow(header: Header) -> PillowImage.Image:
    with _DECODERS[header.format](io.BytesIO(header.picture)) as image:
        # The size in the header is the one that was limited.
        if image.size != (header.width, header.height):
            raise damaged(header.format, "it declares two different sizes")
        image.load()
        return image


def _deep_png(header: Header) -> NDArray[np.uint16]:
    from imagecodecs import png_decode  # noqa: PLC0415 - large, and few images need it

    samples = png_decode(header.picture)
    return samples.reshape(header.height, header.width, -1)


def _reason(error: Exception) -> str:
    words = str(error)
    return "it ends too early" if "truncated" in words else "its content does not make sense"


def _shallow(
    samples: NDArray[np.uint16], mode: str, header: Header, notes: list[str]
) -> PillowImage.Image:
    """Bring (H, W, S) samples of more than 8 bits to 8; `notes` take what is to be told."""
    number = 1 if mode in {"L", "LA", "La"} else 3
    colours, alpha = samples[..., :number], samples[..., number:]
    declared = header.most_bits if header.format == "TIFF" else header.bit_depth
    bits = bits_used(colours, min(declared, header.bit_depth))
    used = f", of which {bits} are used," if bits < header.bit_depth else ""
    notes.append(f"{header.bit_depth} bit{used} scaled to 8 bit")
    shallow = np.empty(samples.shape, np.uint8)
    # An opaque channel may be full in 8 bits, in the camera's or in the file's.
    most = int(alpha.max(initial=0))
    full = next((depth for depth in (8, bits) if most < 1 << depth), header.bit_depth)
    for start in range(0, len(samples), _ROWS):  # copies of a part only
        rows = slice(start, start + _ROWS)
        shallow[rows, :, :number] = to_eight_bits(colours[rows], bits, negative=header.negative)
        shallow[rows, :, number:] = to_eight_bits(alpha[rows], full)
    _note_darkness(shallow[..., :number], notes)
    size = (header.width, header.height)
    samples_a_pixel = samples.shape[2]
    stored = mode if len(mode) == samples_a_pixel else _BY_SAMPLES[samples_a_pixel]
    return PillowImage.frombytes(stored, size, shallow.tobytes())


def _note_darkness(colours: NDArray[np.uint8], notes: list[str]) -> None:
    if colours.size and colours.max() < _DIM:
        notes.append("very dark: few of the bits are used; export as 8 bit instead")
    elif colours.size and np.percentile(some_of(colours), _BRIGHT) < _HALF:
        notes.append("dark: nearly all values are in the lower half of the range")


def _extremes(band: PillowImage.Image) -> tuple[float, float]:
    """The lowest and the highest value of an image of one band."""
    return cast("tuple[float, float]", band.getextrema())


def _over_white(image: PillowImage.Image) -> tuple[PillowImage.Image, str]:
    """Composite over white, with a note if anything was transparent."""
    grey = image.mode in {"LA", "La"}
    if image.mode in {"La", "RGBa"}:
        bands = image.split()
        if _extremes(bands[-1])[1] <= _NOTHING:
            return _unfilled(PillowImage.merge("RGB", (bands * 3)[:3] if grey else bands[:3]))
        image = image.convert("LA" if grey else "RGBA")
    layer = image.convert("RGBA")
    lowest, highest = _extremes(layer.getchannel("A"))
    if highest <= _NOTHING:
        return _unfilled(layer.convert("RGB"))
    white = PillowImage.new("RGBA", layer.size, "white")
    flat = PillowImage.alpha_composite(white, layer).convert("RGB")
    return flat, "" if lowest == 255 else "transparency laid over white"  # noqa: PLR2004


def _unfilled(image: PillowImage.Image) -> tuple[PillowImage.Image, str]:
    return image, "everything is marked as transparent: taken as opaque"
