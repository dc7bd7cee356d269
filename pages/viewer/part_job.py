"""A part of a slide that is answered in the background: a field, or a region drawn by hand."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.jobs import Job, Jobs
from pages.viewer.opening import SlideView

if TYPE_CHECKING:
    from core.diagnosis import Diagnosis
    from core.registry.package import Package
    from core.slides.map_layers import MapLayer
    from core.slides.parts import Place, SlidePart
    from core.slides.slide import Slide

MOST_KEPT = 30
Key = tuple[str, str, float, tuple["Place", ...]]


@dataclass(eq=False)
class PartJob(Job):
    """One part under one model; `part` and `diagnosis` are there once it has ended well."""

    deed = "answer this part of the slide"

    slide: "Slide"
    package: "Package"
    um_per_px: float
    polygon: "tuple[Place, ...]"
    part: "SlidePart | None" = None
    diagnosis: "Diagnosis | None" = None

    def work(self) -> None:
        """Read the part and answer it as an image."""
        self.report("Reading the slide")
        from core.diagnosis import diagnose  # noqa: PLC0415 - not needed to draw the page
        from core.imaging.overlay import encode_png  # noqa: PLC0415
        from core.slides.parts import read_part  # noqa: PLC0415

        part = read_part(self.slide, self.polygon, self.um_per_px, self.package.card.input)
        self.report("Answering; the first answer also loads the model")
        left, top = round(part.x), round(part.y)
        self.diagnosis = diagnose(
            encode_png(part.pixels),
            name=f"{self.slide.info.name} at {left}, {top}",
            package=self.package,
            um_per_px=part.um_per_px,
            progress=lambda share, words: self.report(words, share),
        )
        self.part = part

    @property
    def layer(self) -> "MapLayer | None":
        """The part's map of probabilities where it lies on the slide; None where there is none."""
        if self.part is None or self.diagnosis is None or self.diagnosis.probability_map is None:
            return None
        import numpy as np  # noqa: PLC0415 - not needed to draw the page

        from core.slides.map_layers import MapLayer  # noqa: PLC0415

        values, part = self.diagnosis.probability_map, self.part
        height, width = values.shape
        return MapLayer(
            values,
            np.linspace(part.y, part.y + part.height, height + 1),
            np.linspace(part.x, part.x + part.width, width + 1),
        )


@st.cache_resource(show_spinner=False)
def _jobs() -> "Jobs[Key, PartJob]":
    return Jobs(MOST_KEPT)


def answered_part(view: SlideView, polygon: "tuple[Place, ...]") -> PartJob | None:
    """Return the job that answers a part, running or ended; None if nobody asked for it."""
    key = _key(view, polygon)
    return _jobs().get(key) if key else None


def answer_part(
    view: SlideView, polygon: "tuple[Place, ...]", *, anew: bool = False
) -> PartJob | None:
    """Have a part answered, once; None where there is no model or the scale is not known."""
    key = _key(view, polygon)
    package, um_per_px = view.package, view.um_per_px
    if key is None or package is None or um_per_px is None:
        return None
    return _jobs().start(key, lambda: PartJob(view.slide, package, um_per_px, polygon), anew=anew)


def _key(view: SlideView, polygon: "tuple[Place, ...]") -> Key | None:
    if view.package is None or view.um_per_px is None:
        return None
    return view.info.fingerprint, view.package.model_sha256, view.um_per_px, polygon
