"""The pictures of a report: an image, and under its maps, readable without colours too."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from core.cases.records import FullAnswer
from core.cases.report_words import result_of
from core.documents.sheet import Picture
from core.imaging.overlay import outline, overlay
from core.imaging.resize import resize
from core.plots.side_by_side import scale_bar_length

_LONGEST_SIDE = 640  # pixels; 180 to 275 an inch
_QUALITY = 85
_HALF = 0.5


def pictures_of(
    pixels: NDArray[np.uint8], full: FullAnswer, um_per_px: float | None
) -> list[Picture]:
    """Return an image as it is, under its heatmap, and under its probability map if it has one.

    Parameters
    ----------
    pixels
        (H, W, 3) RGB.
    full
        The answer with its maps.
    um_per_px
        The image's scale in µm/px, for its scale bar; None draws none.
    """
    result, about = result_of(full), full.content["diagnosis"]["heatmap_class"]
    width = pixels.shape[1]
    share = _LONGEST_SIDE / max(pixels.shape[:2])
    small = resize(pixels, *(max(1, round(side * share)) for side in pixels.shape[:2]))
    bar = None
    if um_per_px is not None:
        length = scale_bar_length(width, um_per_px)
        bar = (length / um_per_px / width, f"{length:g} µm")
    pictures = [_picture(small, "The image", bar)]
    heat = full.maps["heatmap"]
    highest = float(np.nanmax(heat, initial=0.0))
    under = overlay(small, heat)
    if highest > 0:
        under = outline(under, heat, _HALF * highest)
    words = f"Grad-CAM for {about}. Brighter weighs more; line: half the most."
    pictures.append(_picture(under, words))
    if (chances := full.maps.get("probability_map")) is not None:
        pictures.append(_chances(small, chances, result))
    return pictures


def _chances(
    pixels: NDArray[np.uint8], chances: NDArray[np.float32], result: dict[str, Any]
) -> Picture:
    """Return the image under its probability map; a line shows the operating point."""
    under, point = overlay(pixels, chances), result["operating_point"]
    if point is None:
        return _picture(under, f"Probability of {result['predicted']}. Brighter is higher.")
    level = point["threshold"]
    words = f"Probability of {point['positive_class']}. Brighter is higher; line: {level:.1%}."
    return _picture(outline(under, chances, level), words.replace("%", " %"))


def _picture(
    pixels: NDArray[np.uint8], caption: str, scale_bar: tuple[float, str] | None = None
) -> Picture:
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    height, width = pixels.shape[:2]
    return Picture(buffer.getvalue(), height, width, caption, scale_bar)
