"""The regions of an answer at or above its threshold, with their outlines and what was measured."""

from dataclasses import dataclass

import numpy as np

from core.imaging.tiles import stitch
from core.slides.answering.load import SlideAnswer
from core.slides.export.outlines import Outline, Ring, outlines_of


@dataclass(frozen=True, slots=True)
class OutlinedRegion:
    """A connected region; corners are pixels of the slide's finest level."""

    exterior: Ring
    holes: tuple[Ring, ...]
    area_mm2: float
    """Within the outline."""
    tissue_mm2: float
    mean: float
    """Probability, over its tissue."""
    highest: float
    out_of_scope: float
    """Share of its tissue in tiles that are out of scope."""


def regions_of(answer: SlideAnswer) -> list[OutlinedRegion]:
    """Return the regions at or above the threshold, the one with most tissue first.

    A region without any tissue is left out.
    """
    plan, chances = answer.plan, answer.map_on_tissue
    with np.errstate(invalid="ignore"):
        traced = outlines_of(chances >= answer.threshold)
    labels = traced.labels
    known = plan.tissue & ~np.isnan(chances) & (labels > 0)
    inside = labels[known]
    number = int(labels.max(initial=0)) + 1
    tiles = answer.given.tiles
    outside = stitch(np.where(tiles.used, answer.given.outside, np.nan), plan.map_grid)
    areas = np.bincount(labels.ravel(), minlength=number) * plan.map_pixel_mm2
    pixels = np.bincount(inside, minlength=number)
    sums = np.bincount(inside, chances[known], minlength=number)
    out = np.bincount(inside, outside[known], minlength=number)
    highest = np.zeros(number)
    np.maximum.at(highest, inside, chances[known])
    across = plan.slide["width"] / plan.map_grid.width
    down = plan.slide["height"] / plan.map_grid.height

    def region(outline: Outline) -> OutlinedRegion:
        at = outline.label
        return OutlinedRegion(
            outline.exterior * (across, down),
            tuple(hole * (across, down) for hole in outline.holes),
            area_mm2=float(areas[at]),
            tissue_mm2=float(pixels[at]) * plan.map_pixel_mm2,
            mean=float(sums[at] / pixels[at]),
            highest=float(highest[at]),
            out_of_scope=float(out[at] / pixels[at]),
        )

    outlined = [region(outline) for outline in traced.regions if pixels[outline.label]]
    return sorted(outlined, key=lambda each: -each.tissue_mm2)
