"""Calibration, groups, patients and training of the ten answers."""

import json
from pathlib import Path

import pytest

from tests.pages.made_up_answers import charts, html, open_page, row, vouch


@pytest.mark.usefixtures("ten")
def test_reliability_bins() -> None:
    page = open_page("Calibration")
    bins = charts(page)["reliability"]["data"][1]
    # (mean probability, share that is so, answers)
    expected = [
        *((0.06, 0, 1), (0.12, 0, 1), (0.22, 0, 1), (0.34, 0.5, 2)),
        *((0.62, 0, 1), (0.72, 1, 1), (0.85, 1, 2), (0.94, 1, 1)),
    ]
    shown = zip(bins["x"], bins["y"], bins["customdata"], strict=True)
    assert [tuple(round(value, 6) for value in each) for each in shown] == expected
    assert "ECE 0.192, Brier score 0.096. " in html(page)
    assert "50% of the images are" in html(page)


@pytest.mark.usefixtures("ten")
def test_figures_by_magnification() -> None:
    page = open_page("Groups")
    assert row(page, "40X") == ["4", "2", "1.000", "1.000", "1.000", "1.000", "1.000"]
    # 100X: eight of nine pairs are in order; 2 of 3 positives and 2 of 3 negatives are right.
    assert row(page, "100X") == ["6", "2", "0.889", "0.667", "0.667", "0.667", "0.667"]


@pytest.mark.usefixtures("ten")
def test_each_patient_is_a_bar_the_worst_first() -> None:
    page = open_page("Patients")
    (bars,) = charts(page)["patients"]["data"]
    assert [round(value, 6) for value in bars["x"]] == [0.333333, 1, 1, 1]
    assert bars["customdata"][0] == "C: 1 of 3 images called correctly"
    shown = html(page)
    assert "Mean share of a patient's images called correctly: 0.833" in shown  # (1/3 + 3) / 4
    assert "have images of several classes" in shown


@pytest.mark.usefixtures("ten")
def test_history_is_drawn_where_there_are_epochs(ten: Path) -> None:
    (ten / "history.csv").write_text(
        "epoch,loss,val_loss,auroc,val_auroc\n1,0.9,1.0,0.6,0.5\n2,0.7,0.8,0.7,nan\n"
    )
    vouch(ten)
    page = open_page("Training")
    figures = [json.loads(element.proto.spec) for element in page.get("plotly_chart")]
    assert len(figures) == 2
    assert [line["y"] for line in figures[0]["data"]] == [[0.9, 0.7], [1.0, 0.8]]
    assert figures[1]["data"][1]["y"] == [0.5, None]
