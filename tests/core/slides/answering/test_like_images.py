"""A slide is answered as `diagnose` answers the same pixels as one image."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.diagnosis import diagnose
from core.imaging.overlay import encode_png
from core.registry.package import Package
from core.slides.answering import answer_here, load_answer
from tests.core.slides.answering.conftest import WriteSlide


@pytest.mark.slow
@pytest.mark.usefixtures("shelve")
@pytest.mark.parametrize(
    ("um_per_px", "size"), [(1.0, (1200, 1680)), (0.87, (1333, 1511)), (4.0, (300, 420))]
)
def test_the_map_is_that_of_the_same_pixels_as_one_image(
    shelve: object,
    package: Package,
    section: NDArray[np.uint8],
    write_slide: WriteSlide,
    um_per_px: float,
    size: tuple[int, int],
) -> None:
    shelve()
    pixels = cv2.resize(section, size[::-1], interpolation=cv2.INTER_AREA)
    state = answer_here(write_slide(pixels, um_per_px), model="tiny")
    answer = load_answer(state.id)
    image = diagnose(encode_png(pixels), package=package, um_per_px=um_per_px)
    assert (state.state, state.tiles_done, state.tiles) == ("finished", image.tiles, image.tiles)
    np.testing.assert_allclose(answer.map, image.probability_map, atol=1e-4)
    np.testing.assert_allclose(answer.summary["probabilities"], image.probabilities, atol=1e-4)
    assert answer.summary["scope"]["inside"] == image.scope.inside
    assert answer.summary["predicted"] == image.predicted
    assert answer.summary["positive"]["share"] == pytest.approx(image.positive_share, abs=0.1)
