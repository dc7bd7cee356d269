"""Curves of the ten answers, and a threshold that moves."""

import pytest

from tests.pages.made_up_answers import charts, html, open_page


@pytest.mark.usefixtures("ten")
def test_moving_the_operating_point_moves_its_figures_and_the_matrix() -> None:
    page = open_page("Decision threshold")
    slider = page.slider(key="point-tiny")
    assert slider.value == 0.37  # the card's
    # Called so from 0.37 on: .88, .82, .72, .94 rightly and .62 wrongly; 0.36 is missed.
    assert charts(page)["confusion matrix"]["data"][0]["text"] == [
        ["4<br>80%", "1<br>20%"],
        ["1<br>20%", "4<br>80%"],
    ]
    slider.set_value(0.3).run()
    assert not page.exception
    # From 0.30 on 0.36 is found, and 0.32 is a second false alarm.
    shown = html(page)
    for words in (
        "<dt>Sensitivity</dt><dd>1.000",
        "<dt>Specificity</dt><dd>0.667",  # all but two thirds of 2
        "<dt>Precision</dt><dd>0.750",
        "<dt>F1</dt><dd>0.857",
        "<dt>Accuracy</dt><dd>0.833",
        "<small>own 0.833",
    ):
        assert words in shown
    found = charts(page)
    assert found["confusion matrix"]["data"][0]["text"] == [
        ["3<br>60%", "2<br>40%"],
        ["0<br>0%", "5<br>100%"],
    ]
    point = found["ROC"]["data"][1]
    assert (point["x"], point["y"]) == ([pytest.approx(1 / 3)], [pytest.approx(1)])


@pytest.mark.usefixtures("ten")
def test_curves_go_through_the_points_that_the_answers_give() -> None:
    found = charts(open_page("Decision threshold"))
    roc = found["ROC"]["data"][0]
    steps = {(round(x, 3), round(y, 3)) for x, y in zip(roc["x"], roc["y"], strict=True)}
    # Positives of 5/6 come first, then 0.62 and 0.36, a third of 2 each, then the other negatives.
    assert {(0.0, 0.0), (0.0, 0.833), (0.167, 0.833), (0.167, 1.0), (1.0, 1.0)} <= steps
    recall = found["precision and recall"]["data"][0]
    points = {(round(x, 3), round(y, 3)) for x, y in zip(recall["x"], recall["y"], strict=True)}
    assert {(0.833, 1.0), (0.833, 0.833), (1.0, 0.857)} <= points
