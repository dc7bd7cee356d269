"""Flips and turns."""

import numpy as np
import pytest

from core.inference.classifier import Classifier
from core.inference.uncertainty import eight_views, spaced, spread_over_views
from core.registry.package import Package

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)


def test_views_are_the_eight_of_a_square() -> None:
    views = eight_views(PIXELS)
    assert views.shape == (8, 3, 32, 32, 3)
    np.testing.assert_array_equal(views[0], PIXELS)
    assert len({view[0].tobytes() for view in views}) == 8
    for view in views:
        np.testing.assert_array_equal(np.sort(view, axis=None), np.sort(PIXELS, axis=None))
    # The group is closed: the views of a turned image are the same eight.
    turned = eight_views(np.rot90(PIXELS, axes=(1, 2)))
    assert {view[0].tobytes() for view in turned} == {view[0].tobytes() for view in views}


def test_what_is_not_square_is_only_flipped() -> None:
    views = eight_views(PIXELS[:, :20])
    assert views.shape == (4, 3, 20, 32, 3)
    assert len({view[0].tobytes() for view in views}) == 4


def test_spread_is_the_deviation_over_the_views(package: Package) -> None:
    classifier = Classifier(package)
    by_hand = []
    for pixels in PIXELS:
        views = [np.rot90(flipped, turn) for flipped in (pixels, pixels[::-1]) for turn in range(4)]
        by_hand.append(classifier.probabilities(np.stack(views))[:, 1].std())
    found = spread_over_views(classifier, PIXELS, 1)
    assert found == pytest.approx(np.mean(by_hand), abs=1e-6)
    assert found > 0
    symmetric = np.full((1, 32, 32, 3), 90, np.uint8)
    assert spread_over_views(classifier, symmetric, 1) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("number", "pixels", "expected"),
    [
        (1, 96**2, [0]),
        (3, 224**2, [1]),
        (5, 96**2, [0, 1, 2, 3, 4]),
        (700, 96**2, [50, 150, 250, 350, 450, 550, 650]),
        (9, 4096**2, [4]),
    ],
)
def test_a_bounded_number_of_tiles_is_turned(number: int, pixels: int, expected: list[int]) -> None:
    assert spaced(number, pixels).tolist() == expected
