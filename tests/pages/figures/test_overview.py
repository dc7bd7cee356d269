"""The first view, on the ten answers."""

import pytest

from tests.pages.made_up_answers import charts, go, html, open_page, row


@pytest.mark.usefixtures("ten")
def test_main_figures_beside_colour_alone_and_why_there_are_no_intervals() -> None:
    page = open_page()
    expected = {
        # Of 25 pairs of a positive and a negative, one is the wrong way round: 0.36 under 0.62,
        # both C's. Images of A and B weigh a half, those of C and D a third: 4 less 1/9 of 4.
        "AUROC": ("0.972", "0.833"),
        "Balanced accuracy": ("0.833", "0.917"),
        "Sensitivity": ("0.833", "0.833"),  # a third of 2 is missed
        "Specificity": ("0.833", "1.000"),  # and a third of 2 a false alarm
        # Bins: .06/3, .12/2, .22/2, |.68 - 1|/3, .62/3, |.72 - 1|/3, |1.70 - 2|/2, |.94 - 1|/3
        # of 4.
        "ECE": ("0.192", "0.433"),
        # Within A, B and D all are in order; of C's two pairs one.
        "AUROC, mean within patients": ("0.875", "0.750"),
        "AUROC above colour alone": ("0.139", ""),
    }
    for name, figures in expected.items():
        assert tuple(row(page, name)) == figures, name
    assert "pooled, every patient alike" in html(page)
    assert "there are 4 patients" in html(page)


@pytest.mark.usefixtures("ten")
def test_the_point_on_the_curve_is_that_of_the_figures_and_the_matrix_of_the_calls() -> None:
    found = charts(open_page())
    curve, colour, point = found["ROC"]["data"]
    assert (curve["name"], colour["name"]) == ("model", "colour alone")
    assert curve["line"]["dash"] != colour["line"]["dash"]
    assert (point["x"], point["y"]) == ([pytest.approx(1 / 6)], [pytest.approx(5 / 6)])
    # At 0.5, each image's own threshold; the card's is 0.37.
    assert found["confusion matrix"]["data"][0]["text"] == [
        ["4<br>80%", "1<br>20%"],
        ["1<br>20%", "4<br>80%"],
    ]


@pytest.mark.usefixtures("ten")
def test_figures_of_few_patients_wear_their_mark() -> None:
    page = open_page()
    shown = html(page, marks=True)
    assert "<bdi>AUROC</bdi></th><td><bdi>0.972 ▲ 4 patients</bdi>" in shown
    assert "▲ FEW PATIENTS: These figures are from 4 patients, fewer than 10" in shown
    go(page, "Calibration")
    assert "FEW PATIENTS" in charts(page)["reliability"]["layout"]["title"]["text"]
