"""A finished answer of a small slide, by a network that needs no TensorFlow."""

import pytest
from numpy.typing import NDArray

from core.registry.package import Package
from core.slides.answering import SlideAnswer, answer_here, load_answer
from tests.core.slides.answering.conftest import *  # noqa: F403 - its fixtures
from tests.core.slides.answering.conftest import WriteSlide


@pytest.fixture
def answer(
    pretended: Package,  # noqa: ARG001 - takes the network's place
    section: NDArray,
    write_slide: WriteSlide,
) -> SlideAnswer:
    """Of 1680×1200 px at 1 µm/px; where tissue is whole the probability is about 0.43."""
    given = load_answer(answer_here(write_slide(section), model="tiny").id)
    assert given is not None
    return given
