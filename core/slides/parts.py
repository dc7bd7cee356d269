"""Parts of a slide that a model is asked about: the field at a place, or a region drawn by hand."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import SlideError
from core.registry.card import InputSpec
from core.slides.slide import Slide

Place = tuple[float, float]
"""x and y in pixels of the slide's finest level."""

PATCHES_A_SIDE = 4
"""Of a field for a model that answers patches: enough to see what lies around one."""
SHOWN = 1000
"""Pixels that the longer side of a part has, unless the slide or the model's scale set fewer or
more."""
MOST_PIXELS = 60_000_000
_GLASS = 255


@dataclass(frozen=True, slots=True)
class SlidePart:
    """The pixels of a part, to be answered as an image."""

    pixels: NDArray[np.uint8]
    """(h, w, 3) RGB; white, as glass is, outside the part."""
    um_per_px: float
    x: float
    """Of the upper left corner, in pixels of the finest level."""
    y: float
    width: float
    """In the same pixels."""
    height: float


def field_side_um(spec: InputSpec) -> float:
    """Return how long a side of the field is that suits a model, µm."""
    if spec.fit == "patch":
        return PATCHES_A_SIDE * spec.field_um
    return max(spec.fields_um)


def field_around(x: float, y: float, side: float, slide_size: tuple[int, int]) -> tuple[Place, ...]:
    """Return the corners of a square field around a place, moved onto the slide; all in pixels."""
    width, height = slide_size
    left = min(max(x - side / 2, 0), max(width - side, 0))
    top = min(max(y - side / 2, 0), max(height - side, 0))
    right, bottom = min(left + side, width), min(top + side, height)
    return (left, top), (right, top), (right, bottom), (left, bottom)


def read_part(
    slide: Slide, polygon: tuple[Place, ...], um_per_px: float, spec: InputSpec
) -> SlidePart:
    """Read what lies within a polygon, in the detail that a model needs and eyes like.

    Parameters
    ----------
    slide
        Open.
    polygon
        Corners, at least three.
    um_per_px
        Of the slide's finest level.
    spec
        What the model expects.

    Raises
    ------
    SlideError
        If nothing of it lies on the slide, it would have too many pixels, or cannot be read.
    """
    info = slide.info
    corners = np.clip(np.array(polygon, np.float64), 0, (info.width, info.height))
    left, top = corners.min(axis=0)
    width, height = corners.max(axis=0) - (left, top)
    if min(width, height) < 1:
        raise SlideError("Nothing of this region lies on the slide. Draw one on the tissue.")
    longest_um = max(width, height) * um_per_px
    scale = max(um_per_px, min(spec.um_per_px, longest_um / SHOWN))
    size = _pixels(width, um_per_px / scale), _pixels(height, um_per_px / scale)
    if size[0] * size[1] > MOST_PIXELS:
        raise SlideError(
            f"This region has {size[0]:,} × {size[1]:,} px at the model's scale; at most "
            f"{MOST_PIXELS:,} px are answered at once. Draw a smaller one, or answer the whole "
            "slide."
        )
    pixels = slide.read(left, top, width, height, size)
    inside = np.zeros(pixels.shape[:2], np.uint8)
    drawn = (corners - (left, top)) * (size[0] / width, size[1] / height)
    cv2.fillPoly(inside, [np.rint(drawn).astype(np.int32)], 1)
    pixels = np.where(inside[..., np.newaxis], pixels, _GLASS).astype(np.uint8)
    scale = width * um_per_px / size[0]
    return SlidePart(pixels, scale, float(left), float(top), float(width), float(height))


def _pixels(length: float, share: float) -> int:
    return max(1, round(length * share))
