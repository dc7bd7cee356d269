"""A slide that is open on the page, and the model that answers on it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.registry.package import Package
    from core.slides.slide import Slide, SlideInfo


@dataclass(frozen=True, slots=True)
class SlideView:
    """One slide under one model."""

    slide_id: str
    slide: "Slide"
    um_per_px: float | None
    """As the slide states, else as a user did; None where neither is known."""
    package: "Package | None"
    model: str
    """The package's name on the shelf; empty where there is none."""

    @property
    def info(self) -> "SlideInfo":
        """What is known of the slide."""
        return self.slide.info


def open_view(slide_id: str, model: str, package: "Package | None") -> SlideView:
    """Open a slide of the list, to be answered by a model.

    Raises
    ------
    SlideError
        If there is no such slide, or it cannot be opened.
    """
    from core.slides.open_slides import opened  # noqa: PLC0415 - loads OpenSlide
    from core.slides.stated_scale import scale_of  # noqa: PLC0415

    slide = opened(slide_id)
    return SlideView(slide_id, slide, scale_of(slide.info), package, model)
