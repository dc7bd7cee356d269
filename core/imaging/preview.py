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


def preview(pixels: NDArray[np.uint8]) -> str:
    """Encode an image for display.

    Parameters
    ----------
    pixels
        (H, W, 3) RGB.

    Returns
    -------
    str
        A `data:` address: PNG of the exact pixels for small images, else JPEG of at most 1600 px
        on the longer side.
    """
    height, width = pixels.shape[:2]
    share = min(1.0, LONGEST_SIDE / max(height, width))
    if share < 1:
        pixels = resize(pixels, max(1, round(height * share)), max(1, round(width * share)))
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
    share = min(1.0, THUMBNAIL / max(pixels.shape[:2]))
    small = resize(pixels, *(max(1, round(side * share)) for side in pixels.shape[:2]))
    buffer = io.BytesIO()
    PillowImage.fromarray(small).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


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
