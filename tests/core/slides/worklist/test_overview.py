"""The picture of a slide that is damaged in places, where the whole of it is shown."""

from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import SlideError
from core.registry.package import Package
from core.slides.answering import answer_here, load_answer
from core.slides.export.report_pdf import report_pdf
from core.slides.piecewise import GREY
from core.slides.slide import Slide, open_slide
from core.slides.worklist.overview import overview_of
from tests.core.slides.answering.conftest import *  # noqa: F403 - its fixtures
from tests.core.slides.answering.conftest import WriteSlide
from tests.core.slides.test_damaged import spoil


def test_an_overview_shows_what_can_be_read(
    pretended: Package,  # noqa: ARG001 - takes the network's place
    section: NDArray[np.uint8],
    write_slide: WriteSlide,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = write_slide(section, halvings=1)
    spoil(path, 0, 0)  # of 128 px, in the corner
    for tile in range(7 * 5):
        spoil(path, 1, tile)
    answer = load_answer(answer_here(path, model="tiny").id)
    with open_slide(path) as slide:
        overview = overview_of(answer, slide)
        pixels = overview.image.pixels
        assert pixels.shape == section.shape
        assert (pixels[:128, :128] == GREY).all()
        np.testing.assert_array_equal(pixels[200:], section[200:])
        assert any("cannot be read" in note for note in overview.image.info.notes)
        made = report_pdf(answer, path, datetime(2026, 1, 2, tzinfo=UTC))
        assert made.count(b"/Subtype /Image") >= 2

        def fail(*_: object) -> None:
            raise SlideError("damaged")

        monkeypatch.setattr(Slide, "read", fail)
        with pytest.raises(SlideError, match="damaged"):
            overview_of(answer, slide)
