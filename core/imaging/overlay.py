"""Heatmaps in colour, laid over the image that they explain."""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import ImageError

_OPENCV_MAPS = {
    "viridis": cv2.COLORMAP_VIRIDIS,
    "cividis": cv2.COLORMAP_CIVIDIS,
    "inferno": cv2.COLORMAP_INFERNO,
    "magma": cv2.COLORMAP_MAGMA,
}

OPACITY = 0.7
"""Of a map over an image, where it is highest."""
COLOUR_MAPS: tuple[str, ...] = tuple(_OPENCV_MAPS)
"""Perceptually even colour maps that stay readable in every common colour-vision deficiency."""


def colour_heatmap(heatmap: NDArray[np.floating], colour_map: str = "viridis") -> NDArray[np.uint8]:
    """Colour a heatmap.

    Parameters
    ----------
    heatmap
        (H, W) in [0, 1], clipped if outside; NaN means no value.
    colour_map
        One of `COLOUR_MAPS`.

    Returns
    -------
    NDArray[np.uint8]
        (H, W, 4) RGBA: opaque colours, fully transparent where the heatmap is NaN.

    Raises
    ------
    ImageError
        If the colour map is unknown.
    """
    if colour_map not in _OPENCV_MAPS:
        raise ImageError(
            f"There is no colour map {colour_map!r}. Choose one of: {', '.join(COLOUR_MAPS)}."
        )
    known = ~np.isnan(heatmap)
    levels = np.rint(np.clip(np.where(known, heatmap, 0), 0, 1) * 255).astype(np.uint8)
    colours = cv2.applyColorMap(levels, _OPENCV_MAPS[colour_map])
    rgba = cv2.cvtColor(colours, cv2.COLOR_BGR2RGBA)
    rgba[~known] = 0
    return rgba


def overlay(
    pixels: NDArray[np.uint8],
    heatmap: NDArray[np.floating],
    *,
    opacity: float = OPACITY,
    colour_map: str = "viridis",
) -> NDArray[np.uint8]:
    """Blend a heatmap over an image: the higher a value, the less of the image shows through.

    Where nothing was found the image is as it was.

    Parameters
    ----------
    pixels
        (H, W, 3) RGB.
    heatmap
        (h, w) in [0, 1], resized to the image; where it is NaN the image shows unchanged.
    opacity
        Share of the colours in the blend where the heatmap is 1; elsewhere in proportion.
    colour_map
        One of `COLOUR_MAPS`.

    Returns
    -------
    NDArray[np.uint8]
        (H, W, 3) RGB.

    Raises
    ------
    ImageError
        If the colour map is unknown or the opacity is outside [0, 1].
    """
    if not 0 <= opacity <= 1:
        raise ImageError(f"The opacity of a heatmap is between 0 and 1, not {opacity}.")
    values = _resize_map(heatmap, *pixels.shape[:2])
    colours = colour_heatmap(values, colour_map)[..., :3].astype(np.float32)
    share = opacity * np.clip(np.nan_to_num(values), 0, 1)[..., np.newaxis]
    return np.rint(pixels + share * (colours - pixels)).astype(np.uint8)


def outline(
    pixels: NDArray[np.uint8], heatmap: NDArray[np.floating], level: float
) -> NDArray[np.uint8]:
    """Draw a line around what a map has at or above a level, to be seen without colours too.

    Parameters
    ----------
    pixels
        (H, W, 3) RGB.
    heatmap
        (h, w) in [0, 1], resized to the image; NaN is below every level.
    level
        In [0, 1].

    Returns
    -------
    NDArray[np.uint8]
        (H, W, 3) RGB: a white line within a black one.
    """
    values = _resize_map(heatmap, *pixels.shape[:2])
    inside = (np.nan_to_num(values, nan=-1.0) >= level).astype(np.uint8)
    lines, _ = cv2.findContours(inside, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    drawn = pixels.copy()
    width = max(1, max(pixels.shape[:2]) // 300)
    cv2.drawContours(drawn, lines, -1, (0, 0, 0), 3 * width)
    cv2.drawContours(drawn, lines, -1, (255, 255, 255), width)
    return drawn


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA pixels as a PNG file.

    Raises
    ------
    ImageError
        If the array has no pixels.
    """
    if not pixels.size:
        raise ImageError("An image without pixels cannot be saved as PNG.")
    order = {2: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    conversion = order[2 if pixels.ndim == 2 else pixels.shape[2]]  # noqa: PLR2004 - a grey image
    stored = pixels if conversion is None else cv2.cvtColor(pixels, conversion)
    return cv2.imencode(".png", stored)[1].tobytes()


def _resize_map(heatmap: NDArray[np.floating], height: int, width: int) -> NDArray[np.float32]:
    """Resize bilinearly without letting NaN spread: the mean of the values that are known."""
    if heatmap.shape == (height, width):
        return heatmap.astype(np.float32)
    known = ~np.isnan(heatmap)
    weight = cv2.resize(known.astype(np.float32), (width, height))
    total = cv2.resize(np.where(known, heatmap, 0).astype(np.float32), (width, height))
    covered = weight >= 0.5  # noqa: PLR2004 - more than half of what lies under the pixel is known
    return np.where(covered, total / np.maximum(weight, 1e-6), np.nan).astype(np.float32)
