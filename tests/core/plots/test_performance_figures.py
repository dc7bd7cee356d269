import numpy as np
import pytest

from core.plots.bars import Bar, share_bars
from core.plots.changed_images import Fall, robustness_figure
from core.plots.confusion import confusion_figure
from core.plots.frame import LEAKY, mark
from core.plots.intervals import Series, with_intervals
from core.plots.rates import Rate, rates
from core.plots.reliability import reliability_figure


def test_a_confusion_matrix_says_numbers_and_shares_of_the_truth() -> None:
    figure = confusion_figure(np.array([[3.0, 1.0], [0.5, 1.5]]), ["a", "b"])
    (cells,) = figure.data
    assert [list(row) for row in cells.text] == [
        ["3<br>75%", "1<br>25%"],
        ["0.5<br>25%", "1.5<br>75%"],
    ]
    assert figure.layout.yaxis.autorange == "reversed"  # the first class on top


def test_a_class_without_images_leaves_its_row_empty() -> None:
    (cells,) = confusion_figure(np.zeros((2, 2)), ["a", "b"]).data
    assert np.array_equal(cells.z, np.zeros((2, 2)))


def test_roc_has_its_diagonal_and_the_point() -> None:
    figure = rates("roc", [Rate("m", "#000000", [0, 1], [0, 1])], point=(0.1, 0.9))
    curve, point = figure.data
    assert curve.line.shape == "linear"
    assert (point.x, point.y) == ((0.1,), (0.9,))
    (diagonal,) = figure.layout.shapes
    assert (diagonal.y0, diagonal.y1) == (0, 1)


def test_the_point_has_arms_as_long_as_its_intervals() -> None:
    line = Rate("m", "#000000", [0, 1], [0, 1])
    reach = ((0.05, 0.3), (0.8, 0.95))
    _, point = rates("roc", [line], point=(0.1, 0.9), reach=reach).data
    assert point.error_x.array == pytest.approx([0.2])
    assert point.error_x.arrayminus == pytest.approx([0.05])
    assert point.error_y.array == pytest.approx([0.05])
    assert point.error_y.arrayminus == pytest.approx([0.1])
    assert "95 % interval" in point.name
    _, bare = rates("roc", [line], point=(0.1, 0.9)).data
    assert bare.error_x.array is None
    assert "interval" not in bare.name


def test_precision_falls_in_steps_and_guessing_is_marked() -> None:
    figure = rates("precision-recall", [Rate("m", "#000000", [0, 1], [1, 0.5])], chance=0.25)
    assert figure.data[0].line.shape == "vh"
    (chance,) = figure.layout.shapes
    assert (chance.y0, chance.y1) == (0.25, 0.25)


def test_reliability_has_a_bar_for_each_point() -> None:
    figure = reliability_figure([0.1, 0.8], [0.2, 0.7], [5, 9], [(0, 0.2), (0.7, 0.9)], "b")
    _, points, bars = figure.data
    assert (points.x, points.y) == ((0.1, 0.8), (0.2, 0.7))
    assert bars.y == (5, 9)
    assert bars.x == pytest.approx((0.1, 0.8))


def test_bars_keep_their_places_whatever_their_kind() -> None:
    bars = [Bar("p", 0.0, "a", "p"), Bar("q", 0.5, "b", "q"), Bar("r", 1.0, "a", "r")]
    figure = share_bars(bars, {"a": ("#000000", ""), "b": ("#ffffff", "/")}, "share")
    first, second = figure.data
    assert (first.y, second.y) == ((0, 2), (1,))
    assert {first.width, second.width} == {0.75}
    assert figure.layout.yaxis.ticktext == ("p", "q", "r")


def test_the_mark_of_a_leak_takes_room_of_its_own() -> None:
    figure = rates("roc", [Rate("m", "#000000", [0, 1], [0, 1])])
    height, top = figure.layout.height, figure.layout.margin.t
    marked = mark(figure, LEAKY)
    assert LEAKY in marked.layout.title.text
    assert marked.layout.height - height == marked.layout.margin.t - top > 0


def test_figures_without_an_interval_or_a_value() -> None:
    series = Series("s", "#000000", "circle", [0.3, None, 0.9], [None, None, (0.1, 0.95)])
    (points,) = with_intervals(["a", "b", "c"], [series], "AUROC").data
    assert points.x == (0.3, 0.9)
    assert points.y == (0, 2)
    assert points.error_x.arrayminus == pytest.approx((0, 0.8))


def test_a_fall_stands_at_its_amounts_and_no_change_is_marked() -> None:
    lines = [
        Fall("AUROC", "#000000", "circle", [0.8, 0.9, None]),
        Fall("colour", "#ffffff", "square", [0.5, 0.6, 0.7], dotted=True),
    ]
    figure = robustness_figure([-15, 0, 15], ["-15", "0", "15"], lines, "Brightness", least=0.4)
    auroc, colour = figure.data
    assert (auroc.x, auroc.y) == ((-15, 0, 15), (0.8, 0.9, None))
    assert (auroc.line.dash, colour.line.dash) == ("solid", "dot")
    assert auroc.marker.symbol != colour.marker.symbol
    assert (figure.layout.xaxis.tickvals, figure.layout.xaxis.ticktext) == (
        (-15, 0, 15),
        ("-15", "0", "15"),
    )
    (unchanged,) = figure.layout.shapes
    assert (unchanged.x0, unchanged.x1) == (0, 0)
    assert figure.layout.yaxis.range == (0.4, 1.02)


def test_a_fall_has_a_value_for_each_amount() -> None:
    with pytest.raises(ValueError, match="zip"):
        robustness_figure([0, 1], ["0", "1"], [Fall("s", "#000000", "circle", [1])], "a", least=0)
