"""Changed images are measured as the others are, square by square."""

import numpy as np

from core.training.judging.changes import CHANGES, measure_changed, rows_to_change
from core.training.judging.features import measure_colours
from tests.core.training.judging.made_up import dataset

RANDOM = np.random.default_rng(0)


def test_changed_squares_are_measured_and_averaged_over_crops() -> None:
    pixels = RANDOM.integers(0, 255, (12, 16, 16, 3)).astype(np.uint8)
    told: list[float] = []
    rows = np.array([1, 3])
    means, colours = measure_changed(
        (lambda squares: squares.mean(axis=(1, 2)), measure_colours), pixels, 3, rows, told.append
    )
    assert means.of(rows).shape == (len(CHANGES), 2, 3) == (18, 2, 3)
    assert colours.of(rows[1:]).shape == (18, 1, 21)
    expected = pixels[3:6].mean(axis=(0, 1, 2))
    np.testing.assert_allclose(means.of(rows)[0, 0], expected)
    np.testing.assert_allclose(means.of(rows[1:])[0, 0], pixels[9:12].mean(axis=(0, 1, 2)))
    assert np.isnan(means.of(np.array([0, 2]))).all()
    assert told[-1] == 1


def test_many_are_measured_as_each_alone_and_it_is_told_on_the_way() -> None:
    pixels = RANDOM.integers(0, 255, (70, 8, 8, 3)).astype(np.uint8)
    told: list[float] = []
    rows = np.arange(70)
    (means,) = measure_changed(
        (lambda squares: squares.mean(axis=(1, 2)),), pixels, 1, rows, told.append
    )
    (last,) = measure_changed(
        (lambda squares: squares.mean(axis=(1, 2)),), pixels, 1, rows[69:], lambda _: None
    )
    np.testing.assert_array_equal(means.of(rows[69:]), last.of(rows[69:]))
    np.testing.assert_allclose(told, np.arange(1, 3 * len(CHANGES) + 1) / (3 * len(CHANGES)))


def test_only_held_out_images_are_changed() -> None:
    labels = np.tile([0, 1], 400)
    patients = np.repeat([f"p{number}" for number in range(8)], 100).astype(object)
    folds = np.where(np.arange(800) < 700, 0, -1)[None]
    rows = rows_to_change(folds, dataset(labels, patients))
    assert len(rows) == 500
    assert rows.max() < 700
    # From every patient and class as evenly as can be.
    counts = [
        ((patients[rows] == patient) & (labels[rows] == label)).sum()
        for patient in np.unique(patients[:700])
        for label in (0, 1)
    ]
    assert max(counts) - min(counts) <= 1
