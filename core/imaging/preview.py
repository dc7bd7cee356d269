"""Pictures and colours in the form that a browser takes."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from core.imaging.overlay import colour_heatmap
from core.imaging.resize import resize

LONGEST_SIDE = 1600
# Below this many pixels the exact picture is cheap; above it JPEG is a tenth of the size.
EXACT_PIXELS = 100_000
THUMBNAIL = 96  # px


def preview(pixels: NDArray[np.uint8], longest_side: int = LONGEST_SIDE) -> str:
    """Encode an image for display.

    Parameters
    ----------
    pixels
        (H, W, 3) RGB.
    longest_side
        In px; a larger image is shrunk.

    Returns
    -------
    str
        A `data:` address: PNG of the exact pixels for small images, else JPEG.
    """
    pixels = _within(pixels, longest_side)
    exact = pixels.shape[0] * pixels.shape[1] <= EXACT_PIXELS
    buffer = io.BytesIO()
    if exact:
        PillowImage.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    else:
        PillowImage.fromarray(pixels).save(buffer, "JPEG", quality=92, subsampling=0)
    kind = "png" if exact else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def encode_thumbnail(pixels: NDArray[np.uint8]) -> bytes:
    """Return (H, W, 3) RGB pixels as a JPEG of at most `THUMBNAIL` px on the longer side."""
    buffer = io.BytesIO()
    PillowImage.fromarray(_within(pixels, THUMBNAIL)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _within(pixels: NDArray[np.uint8], longest_side: int) -> NDArray[np.uint8]:
    share = longest_side / max(pixels.shape[:2])
    if share >= 1:
        return pixels
    return resize(pixels, *(max(1, round(side * share)) for side in pixels.shape[:2]))


def colour_scale(colour_map: str, steps: int = 33) -> list[tuple[float, str]]:
    """Return a colour map of `overlay` as evenly spaced values in [0, 1] and their CSS colours.

    As in `overlay`, a colour is the more opaque the higher its value.
    """
    values = np.linspace(0, 1, steps)
    colours = colour_heatmap(values[np.newaxis], colour_map)[0]
    return [
        (float(value), f"rgba({red},{green},{blue},{value:.3f})")
        for value, (red, green, blue, _) in zip(values, colours, strict=True)
    ]
