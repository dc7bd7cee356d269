"""What is asked of a slide."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

Polygon = tuple[tuple[float, float], ...]
"""x and y of each corner, in pixels of the slide's finest level."""


class AnswerRequest(BaseModel):
    """A slide, and what is to answer it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slide: Path
    name: str
    fingerprint: str
    """Of `core.slides.slide.SlideInfo`: another slide in its place is not answered."""
    model: str | None = None
    """A name on the shelf; None takes the one at hand that knows such tissue."""
    um_per_px: float | None = None
    """Of the finest level, where the slide states none."""
    within: Polygon | None = None
    """Answers only the tissue in it; None answers all."""
