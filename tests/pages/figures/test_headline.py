"""Every figure of the ten answers."""

from html import escape
from pathlib import Path

import pytest

from tests.pages.conftest import NEGATIVE, POSITIVE
from tests.pages.made_up_answers import open_page, row, vouch


@pytest.mark.usefixtures("ten")
def test_every_figure_beside_colour_alone() -> None:
    page = open_page("Figures")
    expected = {
        # Each image weighs 1/2 of A and B, 1/3 of C and D, so that each class weighs 2.
        "AUROC": ("0.972", "0.833"),  # colour: C's .22 under all
        # Model: precision 1 at 5/6 of the recall, then 2 of 2 1/3. Colour: 1, then 2 of 4.
        "AUPRC": ("0.976", "0.917"),
        "Balanced accuracy": ("0.833", "0.917"),
        "Accuracy": ("0.833", "0.917"),
        "Sensitivity": ("0.833", "0.833"),
        "Specificity": ("0.833", "1.000"),
        "Precision": ("0.833", "1.000"),
        # The other class of the model: 5 of 6; of colour: 6 of 7.
        "Precision, mean of classes": ("0.833", "0.929"),
        "F1": ("0.833", "0.909"),  # 2 × 1 × 5/6 / (11/6)
        # The other class of colour: 12 of 13.
        "F1, mean of classes": ("0.833", "0.916"),
        "Brier score": ("0.096", "0.199"),
        "ECE": ("0.192", "0.433"),
        # Of A, B, C and D: 1, 1, .5, 1; colour: C has its two the wrong way round.
        "AUROC, mean within patients": ("0.875", "0.750"),
        # C: no positive and half of the negatives; colour: no positive and all negatives.
        "Balanced accuracy, mean within patients": ("0.812", "0.875"),
        "Sensitivity, mean within patients": ("0.750", "0.750"),
        "Specificity, mean within patients": ("0.875", "1.000"),
    }
    for name, figures in expected.items():
        assert tuple(row(page, name)) == figures, name


def test_two_classes_are_told_one_by_one(ten: Path) -> None:
    text = (ten / "predictions.csv").read_text()
    (ten / "predictions.csv").write_text(text.replace(",1,1,0.5,", ",1,1,0.3,"))
    vouch(ten)
    page = open_page("Figures")
    # From 0.3 on: five of five positives and 0.32 and 0.62 of the negatives are called so.
    # Images, patients, AUROC, sensitivity, specificity, precision, F1.
    negative, positive = (escape(name) for name in (NEGATIVE, POSITIVE))
    shown = row(page, positive)
    assert shown == ["5", "4", "0.972", "1.000", "0.667", "0.750", "0.857"]  # 2 of 2 2/3; 6 of 7
    shown = row(page, negative)
    assert shown == ["5", "4", "0.972", "0.667", "1.000", "1.000", "0.800"]  # 2 of 3 thirds
    assert row(page, "Precision, mean of classes")[0] == "0.875"  # (3/4 + 1) / 2
