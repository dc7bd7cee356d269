"""How much of a slide's tissue is at or above a threshold, and how much is out of scope."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.slides.answering.given import Given
from core.slides.answering.plan import SlidePlan


def positive_areas(
    plan: SlidePlan, chances: NDArray[np.float32], shown: int, threshold: float
) -> dict[str, Any]:
    """Tissue at or above the threshold, and where the prediction sets rule a class out.

    `least_mm2` is the tissue on which the other class can be ruled out at `level`, `most_mm2` that
    on which the shown one cannot, tile by tile. They are no bounds of the area: prediction sets
    promise nothing of the sum of tiles, which are not independent.
    """
    values = chances[plan.tissue & ~np.isnan(chances)]
    pixel = plan.map_pixel_mm2
    area = float((values >= threshold).sum()) * pixel
    areas: dict[str, Any] = {
        "mm2": area,
        "share": float((values >= threshold).mean()) if len(values) else 0.0,
        "answered_mm2": len(values) * pixel,
        "least_mm2": None,
        "most_mm2": None,
        "level": None,
    }
    conformal = plan.card.conformal
    if conformal and len(conformal.cut_offs) == 2:  # noqa: PLR2004 - two classes rule each other out
        possible = values >= conformal.cut_offs[shown]
        certain = possible & (1 - values < conformal.cut_offs[1 - shown])
        areas["least_mm2"] = min(float(certain.sum()) * pixel, area)
        areas["most_mm2"] = max(float(possible.sum()) * pixel, area)
        areas["level"] = conformal.level
    return areas


def outside_area(plan: SlidePlan, outside: NDArray[np.float32]) -> dict[str, float]:
    """Tissue in tiles that are out of scope, by the (H', W') share of such tiles at each pixel."""
    values = outside[plan.tissue & ~np.isnan(outside)]
    return {
        "mm2": float(values.sum()) * plan.map_pixel_mm2,
        "share": float(values.mean()) if len(values) else 0.0,
    }


def warnings_of(plan: SlidePlan, answers: Given) -> list[str]:
    """What else to know before relying on an answer, in sentences."""
    warnings = []
    unread = int(answers.unreadable.sum())
    if unread:
        share = answers.unreadable.sum() / max(int(plan.used.sum()), 1)
        words = "1 tile" if unread == 1 else f"{unread:,} tiles"
        warnings.append(
            f"{words} with tissue ({100 * share:.2g} %) could not be read, as the file is damaged "
            "there; the rest is answered."
        )
    if plan.grid.stride == plan.grid.size:
        warnings.append(
            "The slide has so much tissue that its tiles were laid side by side, not overlapping."
        )
    if plan.card.input.fit != "patch":
        warnings.append(
            "The model was trained on whole fields of the microscope that have one label each, "
            "not on small pieces: its map shows fields, and nobody has judged it on slides."
        )
    return warnings
