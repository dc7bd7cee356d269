"""The Performance page on ten answers by hand: every number that it shows is worked out here.

patient  label  probability  at 0.5   colour
A        no     0.12         right    0.42
A        yes    0.88         right    0.62
B        no     0.22         right    0.42
B        yes    0.82         right    0.62
C        no     0.32         right    0.42
C        yes    0.36         wrong    0.22
C        no     0.62         wrong    0.42
D        yes    0.72         right    0.62
D        no     0.06         right    0.42
D        yes    0.94         right    0.62
"""

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from streamlit.testing.v1 import AppTest

from core.registry.card_words import NEVER_JUDGED
from pages.figures.evaluated import held_out
from pages.figures.numbers import as_csv
from tests.pages.conftest import NEGATIVE, POSITIVE

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 180
VIEWS = (
    "Decision threshold",
    "Calibration",
    "Robustness",
    "Groups",
    "Patients",
    "Worst errors",
    "Training",
)
# patient, positive or not, probability, colour's, magnification
TEN = [
    *(("A", 0, 0.12, 0.42, "40X"), ("A", 1, 0.88, 0.62, "40X"), ("B", 0, 0.22, 0.42, "40X")),
    *(("B", 1, 0.82, 0.62, "40X"), ("C", 0, 0.32, 0.42, "100X"), ("C", 1, 0.36, 0.22, "100X")),
    *(("C", 0, 0.62, 0.42, "100X"), ("D", 1, 0.72, 0.62, "100X"), ("D", 0, 0.06, 0.42, "100X")),
    ("D", 1, 0.94, 0.62, "100X"),
]


def write_ten(folder: Path) -> None:
    """Put the ten answers, as one model's, in the place of a package's own."""
    head = f"image,patient,magnification,label,round,fold,threshold,probability {NEGATIVE}"
    lines = [f"{head},probability {POSITIVE},colour threshold,colour probability {POSITIVE}"]
    for number, (patient, label, chance, colour, magnification) in enumerate(TEN):
        name = (NEGATIVE, POSITIVE)[label]
        lines.append(
            f"{number}.png,{patient},{magnification},{name},1,1,0.5,{1 - chance:.2f},{chance:.2f},"
            f"0.5,{colour}"
        )
    (folder / "predictions.csv").write_text("\n".join(lines) + "\n")
    vouch(folder)


def vouch(folder: Path, **changes: Any) -> None:
    """Write the card anew: its hashes, and what else is to change."""
    card = json.loads((folder / "card.json").read_text())
    for name in card["files"]:
        card["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "card.json").write_text(json.dumps({**card, **changes}))


def own_model(shelf: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a model of the user's own on a shelf that has no other; returns its folder."""
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))
    return Path(shutil.copytree(shelf / "tiny", home / "models" / "tiny"))


@pytest.fixture
def ten(shelf: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelf whose one model is the user's own, with the ten answers."""
    folder = own_model(shelf, home, monkeypatch)
    write_ten(folder)
    return folder


def open_page(view: str | None = None) -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
    page.switch_page("pages/performance.py").run()
    assert not page.exception
    return go(page, view) if view else page


def go(page: AppTest, view: str) -> AppTest:
    (control,) = [group for group in page.button_group if (group.key or "").startswith("view-")]
    control.set_value(view).run()
    assert not page.exception
    return page


def html(page: AppTest, *, marks: bool = False) -> str:
    """What the page says; without the marks of few patients, which nearly every figure here has."""
    words = [element.proto.body for element in page.get("html")]
    words += [text.value for text in page.text]
    text = "\n".join(words).replace("\N{NO-BREAK SPACE}", " ")
    return text if marks else re.sub(r" ▲\s\d+\spatients?\b", "", text)


def charts(page: AppTest) -> dict[str, dict[str, Any]]:
    """The figures on the page, by the name at the end of their key."""
    found = {}
    for element in page.get("plotly_chart"):
        name = element.proto.id.rpartition("-chart-")[2]
        found[name] = json.loads(element.proto.spec)
    return found


def row(page: AppTest, name: str) -> list[str]:
    """The cells of the table row that begins so."""
    begins = f'<th scope="row"><bdi>{name}</bdi></th>'
    (line,) = [line for line in html(page).split("<tr>") if line.startswith(begins)]
    return re.findall(r"<td><bdi>(.*?)</bdi></td>", line)


@pytest.mark.usefixtures("ten")
def test_headline_figures_and_why_there_are_no_intervals() -> None:
    shown = html(open_page())
    assert "10 images of 4 patients, held-out patients of none." in shown
    # Of 25 pairs of a positive and a negative, one is the wrong way round: 0.36 under 0.62, both
    # C's. Images of A and B weigh a half, those of C and D a third: 4 less 1/9 of 4.
    assert "<dt>AUROC, pooled, every patient alike</dt><dd>0.972</dd>" in shown
    # Within A, B and D all are in order; of C's two pairs one.
    assert "<dt>AUROC, mean within patients</dt><dd>0.875</dd>" in shown
    assert "<dt>Balanced accuracy, pooled, every patient alike</dt><dd>0.833</dd>" in shown
    # A third of 2 is missed, and a third of 2 a false alarm.
    assert "<dt>Sensitivity, pooled, every patient alike</dt><dd>0.833</dd>" in shown
    assert "<dt>Specificity, pooled, every patient alike</dt><dd>0.833</dd>" in shown
    # Bins: .06/3, .12/2, .22/2, |.68 - 1|/3, .62/3, |.72 - 1|/3, |1.70 - 2|/2, |.94 - 1|/3 of 4.
    assert "<dt>ECE, pooled, every patient alike</dt><dd>0.192</dd>" in shown
    assert "there are 4 patients" in shown


@pytest.mark.usefixtures("ten")
def test_figures_of_few_patients_wear_their_mark() -> None:
    page = open_page()
    shown = html(page, marks=True)
    assert "<dt>AUROC, pooled, every patient alike</dt><dd>0.972 ▲ 4 patients</dd>" in shown
    assert "▲ FEW PATIENTS: These figures are from 4 patients, fewer than 10" in shown
    go(page, "Calibration")
    assert "FEW PATIENTS" in charts(page)["reliability"]["layout"]["title"]["text"]


@pytest.mark.usefixtures("ten")
def test_every_figure_beside_colour_alone() -> None:
    page = open_page()
    expected = {
        # Each image weighs 1/2 of A and B, 1/3 of C and D, so that each class weighs 2.
        "AUROC, pooled, every patient alike": ("0.972", "0.833"),  # colour: C's .22 under all
        # Model: precision 1 at 5/6 of the recall, then 2 of 2 1/3. Colour: 1, then 2 of 4.
        "AUPRC, pooled, every patient alike": ("0.976", "0.917"),
        "Balanced accuracy, pooled, every patient alike": ("0.833", "0.917"),
        "Accuracy, pooled, every patient alike": ("0.833", "0.917"),
        "Sensitivity, pooled, every patient alike": ("0.833", "0.833"),
        "Specificity, pooled, every patient alike": ("0.833", "1.000"),
        "Precision, pooled, every patient alike": ("0.833", "1.000"),
        # The other class of the model: 5 of 6; of colour: 6 of 7.
        "Precision, mean of classes, pooled, every patient alike": ("0.833", "0.929"),
        "F1, pooled, every patient alike": ("0.833", "0.909"),  # 2 × 1 × 5/6 / (11/6)
        # The other class of colour: 12 of 13.
        "F1, mean of classes, pooled, every patient alike": ("0.833", "0.916"),
        "Brier score, pooled, every patient alike": ("0.096", "0.199"),
        "ECE, pooled, every patient alike": ("0.192", "0.433"),
        # Of A, B, C and D: 1, 1, .5, 1; colour: C has its two the wrong way round.
        "AUROC, mean within patients": ("0.875", "0.750"),
        # C: no positive and half of the negatives; colour: no positive and all negatives.
        "Balanced accuracy, mean within patients": ("0.812", "0.875"),
        "Sensitivity, mean within patients": ("0.750", "0.750"),
        "Specificity, mean within patients": ("0.875", "1.000"),
    }
    for name, figures in expected.items():
        assert tuple(row(page, name)) == figures, name
    assert (
        "AUROC (pooled, every patient alike) of the model minus that of colour alone: 0.139"
        in html(page)
    )


def test_two_classes_are_told_one_by_one(ten: Path) -> None:
    text = (ten / "predictions.csv").read_text()
    (ten / "predictions.csv").write_text(text.replace(",1,1,0.5,", ",1,1,0.3,"))
    vouch(ten)
    page = open_page()
    # From 0.3 on: five of five positives and 0.32 and 0.62 of the negatives are called so.
    # Images, patients, AUROC, sensitivity, specificity, precision, F1.
    negative, positive = (escape(name) for name in (NEGATIVE, POSITIVE))
    shown = row(page, positive)
    assert shown == ["5", "4", "0.972", "1.000", "0.667", "0.750", "0.857"]  # 2 of 2 2/3; 6 of 7
    shown = row(page, negative)
    assert shown == ["5", "4", "0.972", "0.667", "1.000", "1.000", "0.800"]  # 2 of 3 thirds
    assert (
        row(page, "Precision, mean of classes, pooled, every patient alike")[0] == "0.875"
    )  # (3/4 + 1) / 2
    assert "confusion" not in charts(page)  # it is where the point can be moved


@pytest.mark.usefixtures("ten")
def test_moving_the_operating_point_moves_its_figures_and_the_matrix() -> None:
    page = open_page("Decision threshold")
    slider = page.slider(key="point-tiny")
    assert slider.value == 0.37  # the card's
    # Called so from 0.37 on: .88, .82, .72, .94 rightly and .62 wrongly; 0.36 is missed.
    assert charts(page)["confusion"]["data"][0]["text"] == [
        ["4<br>80%", "1<br>20%"],
        ["1<br>20%", "4<br>80%"],
    ]
    slider.set_value(0.3).run()
    assert not page.exception
    # From 0.30 on 0.36 is found, and 0.32 is a second false alarm.
    shown = html(page)
    for words in (
        "<dt>Sensitivity, pooled, every patient alike</dt><dd>1.000",
        "<dt>Specificity, pooled, every patient alike</dt><dd>0.667",  # all but two thirds of 2
        "<dt>Precision, pooled, every patient alike</dt><dd>0.750",
        "<dt>F1, pooled, every patient alike</dt><dd>0.857",
        "<dt>Accuracy, pooled, every patient alike</dt><dd>0.833",
        "own thresholds 0.833",
    ):
        assert words in shown
    found = charts(page)
    assert found["confusion"]["data"][0]["text"] == [
        ["3<br>60%", "2<br>40%"],
        ["0<br>0%", "5<br>100%"],
    ]
    point = found["roc"]["data"][1]
    assert (point["x"], point["y"]) == ([pytest.approx(1 / 3)], [pytest.approx(1)])


@pytest.mark.usefixtures("ten")
def test_curves_go_through_the_points_that_the_answers_give() -> None:
    found = charts(open_page("Decision threshold"))
    roc = found["roc"]["data"][0]
    steps = {(round(x, 3), round(y, 3)) for x, y in zip(roc["x"], roc["y"], strict=True)}
    # Positives of 5/6 come first, then 0.62 and 0.36, a third of 2 each, then the other negatives.
    assert {(0.0, 0.0), (0.0, 0.833), (0.167, 0.833), (0.167, 1.0), (1.0, 1.0)} <= steps
    recall = found["precision and recall"]["data"][0]
    points = {(round(x, 3), round(y, 3)) for x, y in zip(recall["x"], recall["y"], strict=True)}
    assert {(0.833, 1.0), (0.833, 0.833), (1.0, 0.857)} <= points


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
    assert "ECE 0.192, Brier score 0.096; 10 images of 4 patients" in html(page)
    assert "50% of these images are" in html(page)


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
    assert bars["customdata"][0] == "C: 1 of 3 images called rightly"
    shown = html(page)
    assert "Mean share of a patient's images called rightly: 0.833" in shown  # (1/3 + 3) / 4
    assert "have images of several classes" in shown


@pytest.mark.usefixtures("ten")
def test_worst_errors_without_and_with_the_images(home: Path) -> None:
    page = open_page("Worst errors")
    shown = html(page)
    assert "2 of 10 images were called wrongly (20.0%)" in shown
    assert shown.index("5.png") < shown.index("6.png")  # 0.36 of its own class, then 0.38
    assert "0.360" in shown
    assert "0.380" in shown
    assert "not the images" in shown
    page.text_input(key="dataset_path").set_value(str(home / "nowhere")).run()
    assert "There is no folder" in html(page)
    assert not page.exception


@pytest.mark.usefixtures("ten")
def test_history_is_drawn_where_there_are_epochs(ten: Path) -> None:
    assert "no epochs to draw" in html(open_page("Training"))
    (ten / "history.csv").write_text(
        "epoch,loss,val_loss,auroc,val_auroc\n1,0.9,1.0,0.6,0.5\n2,0.7,0.8,0.7,nan\n"
    )
    vouch(ten)
    page = open_page("Training")
    figures = [json.loads(element.proto.spec) for element in page.get("plotly_chart")]
    assert len(figures) == 2
    assert [line["y"] for line in figures[0]["data"]] == [[0.9, 0.7], [1.0, 0.8]]
    assert figures[1]["data"][1]["y"] == [0.5, None]


def test_a_leaky_model_wears_its_mark_on_every_figure(ten: Path) -> None:
    training = json.loads((ten / "card.json").read_text())["training"]
    vouch(ten, training={**training, "split": "image", "leaky": True})
    assert html(open_page()).count("<dt>▲ LEAKY ") == 6
    assert "▲ LEAKY Model" in html(open_page("Figures"))
    for view in ("Decision threshold", "Calibration", "Groups", "Patients"):
        page = open_page(view)
        assert charts(page), view
        for name, figure in charts(page).items():
            assert "LEAKY SPLIT" in figure["layout"]["title"]["text"], name
        assert "Leaky split" in html(page)


def test_models_beside_each_other(ten: Path) -> None:
    other = Path(shutil.copytree(ten, ten.parent / "other"))
    text = (other / "predictions.csv").read_text().replace("0.64,0.36", "0.30,0.70")
    (other / "predictions.csv").write_text(text)
    vouch(other, name="other", title="Other")
    page = open_page()
    page.selectbox(key="judged_model").set_value("other").run()
    page.multiselect(key="compared-other").set_value(["tiny"]).run()
    assert not page.exception
    # The other finds 0.70 above all negatives: 1 less 35/36, and 11/12 less 5/6.
    shown = row(page, "other minus tiny")
    assert shown[0] == "10 images of 4 patients"
    assert shown[1].startswith("+0.028")
    assert shown[2].startswith("+0.083")
    assert {"compared", "roc of several"} <= charts(page).keys()


def test_an_ensemble_has_the_figures_of_its_members_averaged_answers(ten: Path) -> None:
    import pandas as pd  # noqa: PLC0415 - only here

    from core.architectures import build  # noqa: PLC0415 - loads TensorFlow
    from core.registry.card import Card  # noqa: PLC0415
    from core.registry.package import load_package, save_package  # noqa: PLC0415
    from core.training.ensemble import make_ensemble  # noqa: PLC0415

    first = pd.read_csv(ten / "predictions.csv")
    chances = np.array([0.3, 0.4, 0.6, 0.9, 0.1, 0.2, 0.5, 0.8, 0.7, 0.6])
    second = first.assign(
        **{f"probability {NEGATIVE}": 1 - chances, f"probability {POSITIVE}": chances}
    )
    save_package(
        ten.parent / "other",
        Card.model_validate(load_package(ten).card.model_dump() | {"name": "other"}),
        build("cnn3", (32, 32, 3), 2),
        predictions=second,
        history=pd.DataFrame({"epoch": [1]}),
    )
    make_ensemble("both", ["tiny", "other"])
    page = open_page()
    page.selectbox(key="judged_model").set_value("both").run()
    assert not page.exception
    mean = (first[f"probability {POSITIVE}"] + chances) / 2
    truth = first["label"] == POSITIVE
    shown = html(page)
    weights = 1 / first.groupby("patient")["image"].transform("count")
    auroc = roc_auc_score(truth, mean, sample_weight=weights)
    balanced = balanced_accuracy_score(truth, mean >= 0.5, sample_weight=weights)
    assert f"<dt>AUROC, pooled, every patient alike</dt><dd>{auroc:.3f}</dd>" in shown
    assert (
        f"<dt>Balanced accuracy, pooled, every patient alike</dt><dd>{balanced:.3f}</dd>" in shown
    )
    assert "10 images of 4 patients" in shown
    assert NEVER_JUDGED not in shown
    said = f"it had not seen, this model does not clearly beat colour alone: AUROC {auroc:.2f}"
    assert said in shown
    cells = f"<td><bdi>{auroc:.3f}</bdi></td><td><bdi>0.833</bdi></td>"
    assert f'<th scope="row"><bdi>AUROC, pooled, every patient alike</bdi></th>{cells}' in shown
    for view in ("Decision threshold", "Calibration", "Patients", "Worst errors", "Training"):
        go(page, view)
    page.switch_page("pages/models.py").run()
    assert not page.exception
    shelf = html(page)
    assert NEVER_JUDGED not in shelf
    assert "10 images of 4 patients." in shelf
    assert f"<dd><bdi>{auroc:.3f} (too few patients for an interval)</bdi></dd>" in shelf


def test_answers_that_cannot_be_read_are_a_sentence(ten: Path) -> None:
    (ten / "predictions.csv").write_text("image,patient\n1,2\n")
    vouch(ten)
    assert "lacks label" in html(open_page())


def test_numbers_are_the_chart_and_run_nothing_in_a_spreadsheet() -> None:
    import pandas as pd  # noqa: PLC0415 - only here

    table = pd.DataFrame({"patient": ["=1+1", "B"], "score": [0.5, -1.0]})
    assert as_csv(table).decode("utf-8-sig").split() == ["patient,score", "'=1+1,0.5", "B,-1.0"]


def test_a_package_without_answers_says_so(ten: Path) -> None:
    from core.registry.package import load_package  # noqa: PLC0415 - only here

    package = load_package(ten)
    (ten / "predictions.csv").unlink()
    assert "no predictions.csv" in str(held_out("tiny", package))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", sorted(path.name for path in (ROOT / "models").iterdir() if path.is_dir())
)
def test_every_view_of_every_shipped_model(name: str) -> None:
    page = open_page()
    page.selectbox(key="judged_model").set_value(name).run()
    for view in VIEWS:
        go(page, view)
        assert "class" not in [error.value for error in page.error]
        assert 'role="alert"' not in html(page)


@pytest.mark.usefixtures("ten")
def test_the_positive_class_of_a_dataset_is_asked_for_where_its_words_do_not_say_it(
    tmp_path: Path, draw: Callable[..., Path]
) -> None:
    folder = tmp_path / "letters"
    for name in ("a", "x"):
        draw(folder / name / "1.png")
    page = open_page("Figures")
    page.radio(key="judged_on").set_value("A dataset of mine").run()
    page.text_input(key="dataset_path").set_value(str(folder)).run()
    assert not [box for box in page.selectbox if str(box.key).startswith("positive-")]
    (evaluate,) = [one for one in page.button if str(one.key).startswith("evaluate-")]
    evaluate.click().run()
    deadline = time.monotonic() + SECONDS
    while not [box for box in page.selectbox if str(box.key).startswith("positive-")]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
        page.run()
    assert "do not say which of them" in html(page)
    box = page.selectbox(key=f"positive-{folder}")
    assert (list(box.options), box.value) == (["a", "x"], None)
    box.set_value("x").run()
    assert not page.exception
    assert page.selectbox(key=f"positive-{folder}").value == "x"
    # Another question, which nobody has put yet.
    assert "has not answered" in html(page)
    assert "do not say which of them" not in html(page)
