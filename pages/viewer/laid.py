"""What lies over a slide: the maps of probabilities, and the lines round what is above them."""

from typing import TYPE_CHECKING

from pages.viewer.addresses import map_tiles
from pages.viewer.answers import answer_of, finished_of, layer_of
from pages.viewer.look import MapLook
from pages.viewer.opening import SlideView
from pages.viewer.part_job import answered_part
from pages.viewer.pointed import PartAsked
from pages.viewer.steering import Corners, LaidMap

if TYPE_CHECKING:
    from core.slides.map_layers import MapLayer


def laid_maps(view: SlideView, part: PartAsked | None, look: MapLook) -> list[LaidMap]:
    """Return the maps over a slide, the lowest first."""
    layers = _layers(view, part)
    if not layers:
        return []
    from core.slides.map_layers import lay  # noqa: PLC0415 - not needed to draw a page

    return [
        LaidMap(map_tiles(lay(layer, of), look.colours), look.opacity)
        for of, layer in layers.items()
    ]


def outlines_of(view: SlideView, part: PartAsked | None) -> list[Corners]:
    """Return the lines round what reaches the model's decision threshold."""
    layers = _layers(view, part)
    point = view.package.card.operating_point if view.package else None
    if not layers or point is None:
        return []
    from core.slides.outlines import outlines  # noqa: PLC0415 - OpenCV, not needed to draw a page

    return [line for layer in layers.values() for line in outlines(layer, point.threshold)]


def _layers(view: SlideView, part: PartAsked | None) -> "dict[str, MapLayer]":
    """The maps over a slide, by what they are of: of the slide, else of a region drawn on it."""
    state = finished_of(view) or answer_of(view)
    if state is not None and (layer := layer_of(state.id)) is not None:
        return {state.id: layer}
    job = answered_part(view, part.polygon) if part and part.drawn else None
    if job is None or job.layer is None:
        return {}
    return {f"{view.info.fingerprint} {view.model} {job.polygon}": job.layer}
