"""Two views of an image, and the loss of Barlow Twins by hand."""

import numpy as np
import pytest

from core.training.pretraining.twins import Unlabelled, redundancy_loss, two_views
from tests.core.training.pretraining import small


def loss(first: np.ndarray, second: np.ndarray, weight: float = 0.005) -> float:
    return float(redundancy_loss(first.astype(np.float32), second.astype(np.float32), weight))


def test_the_loss_is_the_papers_computed_number_by_number() -> None:
    random = np.random.default_rng(0)
    first, second = random.normal(size=(2, 40, 5))
    expected = 0.0
    for i in range(5):
        for j in range(5):
            correlation = np.corrcoef(first[:, i], second[:, j])[0, 1]
            expected += (1 - correlation) ** 2 if i == j else 0.3 * correlation**2
    assert loss(first, second, 0.3) == pytest.approx(expected, rel=1e-3)


def test_it_is_zero_for_views_that_agree_in_numbers_of_their_own() -> None:
    orthogonal, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(40, 5)))
    orthogonal -= orthogonal.mean(axis=0)
    own, _ = np.linalg.qr(orthogonal)
    assert loss(own, own * 7) == pytest.approx(0, abs=1e-3)
    twice = np.hstack([own, own])
    assert loss(twice, twice) == pytest.approx(0.005 * 10, rel=0.05)
    assert loss(own, -own) == pytest.approx(4 * 5, rel=0.01)


def test_views_differ_and_are_of_the_same_image() -> None:
    still = small.settings("augmentation={flips = true}")
    one, other = (
        np.asarray(view) for view in two_views(still, (32, 32, 3))(small.PIXELS, training=True)
    )
    assert (one != other).any(axis=(1, 2, 3)).sum() >= 8
    for image, *views in zip(small.PIXELS, one, other, strict=True):
        placed = [np.rot90(turned, k) for turned in (image, image[::-1]) for k in range(4)]
        for view in views:
            assert min(np.abs(view - each).max() for each in placed) < 1e-2


def test_views_are_the_image_itself_unless_it_trains() -> None:
    for view in two_views(small.settings(), (32, 32, 3))(small.PIXELS, training=False):
        np.testing.assert_array_equal(view, small.PIXELS)


def test_batches_hold_every_image_once_but_for_what_fills_none() -> None:
    batches = Unlabelled(small.PIXELS, 5, seed=0)
    orders = []
    for epoch in range(2):
        batches.set_epoch(epoch)
        shown = np.concatenate([batches[number][0] for number in range(len(batches))])
        orders.append([int(np.flatnonzero((s == small.PIXELS).all((1, 2, 3)))[0]) for s in shown])
    assert [len(order) for order in orders] == [10, 10]
    assert all(len(set(order)) == 10 for order in orders)
    assert orders[0] != orders[1]
