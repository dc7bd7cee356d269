"""What the decoder needs to know of a file, and the error for files that do not hold together."""

from dataclasses import dataclass

from core.errors import ImageError
from core.imaging.scale import NOT_STATED, StatedScale


@dataclass(frozen=True, slots=True)
class Header:
    """The declarations of an image file."""

    format: str
    """ "PNG", "JPEG", "TIFF", "BMP" or "WEBP"."""
    width: int
    """Pixels as stored, before the orientation is applied."""
    height: int
    bit_depth: int
    """Bits per channel as stored."""
    picture: bytes
    """The file with nothing in it but what draws the picture, so that damage in text, EXIF and
    further frames can neither stop nor slow the decoder. Of a TIFF file, all of it."""
    pages: int = 1
    orientation: int = 1
    """EXIF orientation, 1 to 8."""
    scale: StatedScale = NOT_STATED
    profile: bytes = b""
    """ICC colour profile; empty if there is none."""
    page: int = 0
    """Index of the TIFF page that holds the picture."""
    planes: tuple[int, ...] = ()
    """Of three TIFF pages that hold red, green and blue: their indices."""
    planes_named: bool = True
    """Whether the file says that these are red, green and blue, or it is assumed."""
    most_bits: int = 16
    """Bits that values of more than 8 bits use, as far as the file says."""
    negative: bool = False
    """Whether 0 is white."""


def damaged(name: str, detail: str) -> ImageError:
    """Return the error for a file of format `name` that is cut short or corrupted."""
    return ImageError(
        f"This {name} image is damaged or incomplete ({detail}). Copy it again from its "
        "source, or export it again."
    )


def unsupported(name: str, detail: str) -> ImageError:
    """Return the error for an intact file of a rare kind."""
    return ImageError(
        f"This {name} image uses {detail}, which Lobule does not read. "
        "Export it as an ordinary 8-bit RGB PNG or TIFF."
    )


def excessive(name: str, detail: str) -> ImageError:
    """Return the error for a file whose reading would take work that no picture needs."""
    return ImageError(
        f"This {name} image has {detail}, more than any real image needs. Export it again as "
        "an ordinary TIFF or PNG."
    )
