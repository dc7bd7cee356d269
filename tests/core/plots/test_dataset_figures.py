import numpy as np

from core.datasets.leak import leak_figure
from core.plots.classes import class_bars
from core.plots.counts import stacked_counts
from core.plots.intervals import Series, with_intervals


def test_bars_hold_the_counts_and_differ_in_pattern() -> None:
    counts = np.array([[1, 2], [3, 4]])
    figure = stacked_counts(["a", "a" * 99], counts, ["x", "y"], ["#000000", "#ffffff"])
    assert np.array_equal([bar.x for bar in figure.data], counts.T)
    assert figure.data[0].marker.pattern.shape != figure.data[1].marker.pattern.shape


def test_classes_have_a_bar_of_images_and_one_of_patients() -> None:
    figure = class_bars(["x", "y"], ["#000000", "#ffffff"], [3, 1200], [2, 1])
    images, patients = figure.data
    assert (images.x, patients.x) == ((3, 1200), (2, 1))
    assert images.text == ("3", "1,200")
    assert len(set(images.marker.pattern.shape)) == 2
    (only,) = class_bars(["x"], ["#000000"], [3], None).data
    assert only.name == "images"


def test_interval_ends_where_it_was_said_to() -> None:
    figure = with_intervals(["a"], [Series("s", "#000000", "circle", [0.7], [(0.6, 0.9)])], "AUROC")
    error = figure.data[0].error_x
    assert np.allclose([0.7 - error.arrayminus[0], 0.7 + error.array[0]], [0.6, 0.9])


def test_kept_leak_figure_holds_both_splits_of_each_model() -> None:
    rows = leak_figure().rows
    assert {(row.model, row.split) for row in rows} == {
        (model, split) for model in {row.model for row in rows} for split in ("image", "patient")
    }
    assert all(row.interval[0] <= row.auroc <= row.interval[1] for row in rows)
    assert all((row.seen == 0) == (row.split == "patient") for row in rows)
