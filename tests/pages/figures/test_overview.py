"""The first view, on the ten answers."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from tests.pages.made_up_answers import charts, go, html, open_page, row, views, vouch


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
    assert "▲ FEW PATIENTS: from 4 patients, fewer than 10" in shown
    go(page, "Calibration")
    assert "FEW PATIENTS" in charts(page)["reliability"]["layout"]["title"]["text"]


THREE = ("cyst", "fibrosis", "normal")


@pytest.fixture
def three(ten: Path) -> np.ndarray:
    """The model tells three classes apart: chances of six images of six patients, two a class."""
    chances = np.array(
        [
            *((0.7, 0.2, 0.1), (0.3, 0.4, 0.3), (0.2, 0.6, 0.2)),
            *((0.35, 0.45, 0.2), (0.1, 0.1, 0.8), (0.2, 0.3, 0.5)),
        ]
    )
    lines = ["image,patient,label,round,fold," + ",".join(f"probability {name}" for name in THREE)]
    for number, row_of in enumerate(chances):
        said = ",".join(f"{chance}" for chance in row_of)
        lines.append(f"{number}.png,p{number},{THREE[number // 2]},1,1,{said}")
    (ten / "predictions.csv").write_text("\n".join(lines) + "\n")
    vouch(ten, task="subtype", classes=list(THREE), operating_point=None)
    return chances


def test_of_more_classes_each_has_a_curve_and_there_is_no_point(three: np.ndarray) -> None:
    page = open_page()
    assert "Curves" in views(page)
    assert "Decision threshold" not in views(page)
    found = charts(page)
    lines = found["ROC"]["data"]
    assert [line["name"] for line in lines] == list(THREE)
    assert len({(line["line"]["color"], line["line"]["dash"]) for line in lines}) == 3
    truth = np.repeat(np.arange(3), 2)
    for label, line in enumerate(lines):
        x, y, _ = roc_curve(truth == label, three[:, label])
        assert (line["x"], line["y"]) == (pytest.approx(x), pytest.approx(y))
    # Only the second cyst is called fibrosis.
    assert found["confusion matrix"]["data"][0]["text"] == [
        ["1<br>50%", "1<br>50%", "0<br>0%"],
        ["0<br>0%", "2<br>100%", "0<br>0%"],
        ["0<br>0%", "0<br>0%", "2<br>100%"],
    ]
    go(page, "Curves")
    assert {"ROC", "precision and recall"} <= charts(page).keys()


@pytest.mark.usefixtures("three")
def test_a_class_whose_figures_are_withheld_has_no_curve(ten: Path) -> None:
    evaluation = json.loads((ten / "card.json").read_text())["evaluation"]
    none = dict.fromkeys(("auroc", "auroc_interval", "sensitivity", "colour_auroc"))
    counts = {"name": "cyst", "patients": 2, "images": 2}
    of_class = {**counts, **none, "withheld": "too few patients"}
    vouch(ten, evaluation={**evaluation, "by_class": [of_class]})
    assert [line["name"] for line in charts(open_page())["ROC"]["data"]] == list(THREE[1:])
