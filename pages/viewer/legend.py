"""What the colours of a map of probabilities stand for."""

from dataclasses import dataclass

from pages.viewer.look import MapLook
from pages.viewer.opening import SlideView

_STEPS = 9


@dataclass(frozen=True, slots=True)
class Legend:
    """As the toolbar draws it."""

    shown: str
    """The class whose probability is meant."""
    colours: list[str]
    """From 0 to 100 %, as CSS has them, as opaque as the map is."""
    line: str
    """What the outline goes round; empty where there is none."""


def legend_of(view: SlideView, look: MapLook) -> Legend | None:
    """Return the legend of the map over a slide; None where the model calls no class positive."""
    import numpy as np  # noqa: PLC0415 - not needed to draw the list

    from core.imaging.overlay import colour_heatmap  # noqa: PLC0415 - OpenCV

    point = view.package.card.operating_point if view.package else None
    if point is None:
        return None
    steps = np.linspace(0, 1, _STEPS, dtype=np.float32)
    colours = [
        f"rgb({red} {green} {blue} / {look.opacity * step:.2f})"
        for (red, green, blue, _), step in zip(
            colour_heatmap(steps[np.newaxis], look.colours)[0].tolist(), steps, strict=True
        )
    ]
    line = f"line at {100 * point.threshold:.1f} %" if look.outlined else ""
    return Legend(point.positive_class, colours, line)
