"""Numbers of the Performance page that the ten answers of `made_up_answers` do not bring out.

Here every patient has images of one class, so that there are figures by patient.

patient  subtype   label  probabilities     mean  share called so
A        adenosis  no     0.12, 0.22, 0.62  0.32  1/3
B        tubular   no     0.32, 0.56        0.44  1/2
C        ductal    yes    0.88, 0.46, 0.82  0.72  2/3
D        lobular   yes    0.72, 0.36        0.54  1/2
"""

import shutil
from pathlib import Path

import pytest

from tests.pages.conftest import NEGATIVE, POSITIVE
from tests.pages.made_up_answers import charts, html, open_page, own_model, row, vouch, write_ten

PATIENTS = {
    ("A", "adenosis", NEGATIVE): (0.12, 0.22, 0.62),
    ("B", "tubular", NEGATIVE): (0.32, 0.56),
    ("C", "ductal", POSITIVE): (0.88, 0.46, 0.82),
    ("D", "lobular", POSITIVE): (0.72, 0.36),
}


@pytest.fixture
def own(shelf: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelf with one model of the user's own, with the answers above."""
    folder = own_model(shelf, home, monkeypatch)
    head = "image,patient,subtype,label,round,fold,threshold"
    lines = [f"{head},probability {NEGATIVE},probability {POSITIVE}"]
    for (patient, subtype, label), chances in PATIENTS.items():
        lines += [
            f"{patient}{number}.png,{patient},{subtype},{label},1,1,0.5,{1 - chance:.2f},{chance}"
            for number, chance in enumerate(chances)
        ]
    (folder / "predictions.csv").write_text("\n".join(lines) + "\n")
    vouch(folder)
    return folder


# AUROC, balanced accuracy, sensitivity, specificity, accuracy
@pytest.mark.usefixtures("own")
def test_figures_by_patient() -> None:
    page = open_page("Patients")
    # Images of A and C weigh a third, those of B and D a half, so that each class weighs 2. Pairs
    # won: all by .88, .82 and .72, and 2/3 + 1/2 of 2 by .46 and .36: (7/6 × 2 + 5/6 × 7/6) / 4.
    assert row(page, "Images") == [
        "10",
        "0.826",
        "0.583",
        "0.583",
        "0.583",
        "0.583",
    ]
    # .54 and .72 lie above .5, .32 and .44 below.
    assert row(page, "Patients, by mean") == ["4", *["1.000"] * 5]
    # Pairs won: C above A and B, D above A, D as much as B: 3.5 of 4. B is called so at a half.
    assert row(page, "Patients, by majority") == [
        "4",
        "0.875",
        "0.750",
        "1.000",
        "0.500",
        "0.750",
    ]
    # Two patients of two in three, two of a half.
    assert "Mean share of a patient's images called correctly: 0.583" in html(page)
    bars = [bar for line in charts(page)["patients"]["data"] for bar in line.get("x") or []]
    assert sorted(round(bar, 3) for bar in bars if isinstance(bar, float)) == [
        0.5,
        0.5,
        0.667,
        0.667,
    ]


@pytest.mark.usefixtures("own")
def test_figures_by_subtype() -> None:
    page = open_page("Groups")
    # Images, patients, AUROC, balanced accuracy, sensitivity, specificity, accuracy.
    assert row(page, "adenosis") == ["3", "1", "–", "–", "–", "0.667", "0.667"]
    assert row(page, "tubular") == ["2", "1", "–", "–", "–", "0.500", "0.500"]
    assert row(page, "ductal") == ["3", "1", "–", "–", "0.667", "–", "0.667"]
    assert row(page, "lobular") == ["2", "1", "–", "–", "0.500", "–", "0.500"]


def test_what_follows_the_point_and_what_stands_beside_another_model(own: Path) -> None:
    write_ten(own)
    other = Path(shutil.copytree(own, own.parent / "other"))
    text = (other / "predictions.csv").read_text().replace("0.64,0.36", "0.25,0.75")
    (other / "predictions.csv").write_text(text)
    vouch(other, name="other", title="Other")
    page = open_page("Decision threshold")
    page.selectbox(key="judged_model").set_value("tiny").run()
    page.slider(key="point-tiny").set_value(0.3).run()
    # Sensitivity 1, specificity 2/3: two thirds of the weight of 2 are false alarms.
    assert "<dt>Balanced accuracy</dt><dd>0.833" in html(page)
    point = charts(page)["precision and recall"]["data"][-1]
    assert (point["x"], point["y"]) == ([pytest.approx(1)], [pytest.approx(0.75)])  # 2 of 2 2/3
    page.multiselect(key="compared-tiny").set_value(["other"]).run()
    assert not page.exception
    # All positives above all negatives; all found, and 5/6 of the negatives spared. C's image of a
    # third has .25² instead of .64², and in its bin |1.47 - 2| instead of .28, while .32 stays.
    assert row(page, "Other", "Pooled") == [
        "1.000",
        "1.000",
        "0.917",
        "1.000",
        "0.833",
        "0.067",
        "0.212",
    ]
    assert row(page, "Tiny :red[model]", "Pooled") == [
        *("0.972", "0.976", "0.833", "0.833", "0.833", "0.096", "0.192")
    ]
