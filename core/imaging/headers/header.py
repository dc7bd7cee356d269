"""What the decoder needs to know of a file, and the error for files that do not hold together."""

from dataclasses import dataclass

from core.errors import ImageError


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
    """The file with nothing in it but what draws the (first) picture. Text, EXIF and further pages
    are left out, so that damage there can neither stop nor slow the decoder."""
    pages: int = 1
    orientation: int = 1
    """EXIF orientation, 1 to 8."""
    um_per_px: float | None = None
    """Micrometres per pixel, where stated credibly."""
    white_is_zero: bool = False
    """Whether 16-bit grey values count darkness; decoders put other depths right themselves."""


def damaged(name: str, detail: str) -> ImageError:
    """Return the error for a file of format `name` that is cut short or corrupted."""
    return ImageError(
        f"This {name} image is damaged or incomplete ({detail}), so it cannot be read. "
        "Copy it again from where it came from, or export it anew."
    )


def unsupported(name: str, detail: str) -> ImageError:
    """Return the error for an intact file of a rare kind."""
    return ImageError(
        f"This {name} image uses {detail}, which Lobule does not read. "
        "Export it as an ordinary 8-bit RGB PNG or TIFF."
    )
