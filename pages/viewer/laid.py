"""What lies over a slide: the maps of probabilities, and the lines round what is above them."""

from typing import TYPE_CHECKING

from pages.viewer.addresses import map_tiles
from pages.viewer.look import MapLook
from pages.viewer.opening import SlideView
from pages.viewer.part_job import answered_part
from pages.viewer.pointed import PartAsked
from pages.viewer.steering import Corners, LaidMap

if TYPE_CHECKING:
    from core.slides.map_layers import MapLayer


def laid_maps(view: SlideView, asked: PartAsked | None, look: MapLook) -> list[LaidMap]:
    """Return the maps over a slide, the lowest first."""
    layers = _layers(view, asked)
    if not layers:
        return []
    from core.slides.map_layers import lay  # noqa: PLC0415 - not needed to draw a page

    return [LaidMap(map_tiles(lay(layer), look.colours), look.opacity) for layer in layers]


def outlines_of(view: SlideView, asked: PartAsked | None) -> list[Corners]:
    """Return the lines round what reaches the model's decision threshold."""
    layers = _layers(view, asked)
    point = view.package.card.operating_point if view.package else None
    if not layers or point is None:
        return []
    from core.slides.outlines import outlines  # noqa: PLC0415 - OpenCV, not needed to draw a page

    return [line for layer in layers for line in outlines(layer, point.threshold)]


def _layers(view: SlideView, asked: PartAsked | None) -> "list[MapLayer]":
    """The maps over a slide: of the region that was drawn by hand."""
    job = answered_part(view, asked.polygon) if asked and asked.drawn else None
    return [job.layer] if job and job.layer else []
