"""The Performance page as a whole, on the ten answers of `made_up_answers`."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from core.registry.card import Card
from core.registry.card_words import NEVER_JUDGED
from core.registry.package import load_package, save_package
from pages.figures.evaluated import held_out
from pages.figures.numbers import as_csv
from pages.shared.account import HOW
from tests.each_time import each_time
from tests.pages.conftest import NEGATIVE, POSITIVE
from tests.pages.made_up_answers import (
    ROOT,
    SECONDS,
    charts,
    go,
    html,
    open_page,
    row,
    views,
    vouch,
)


@pytest.mark.usefixtures("ten")
def test_the_first_view_is_a_picture_with_the_numbers_beside_it() -> None:
    page = open_page()
    assert views(page)[0] == "Overview"
    assert set(charts(page)) == {"ROC", "confusion matrix"}
    assert row(page, "AUROC") == ["0.972", "0.833"]
    assert "10 images of 4 patients, held-out patients of none" in html(page)


@pytest.mark.usefixtures("ten")
def test_a_view_with_nothing_in_it_is_not_there() -> None:
    # Two magnifications and two errors; no changed images, one epoch.
    expected = ("Overview", "Figures", "Decision threshold", "Calibration", "Groups", "Patients")
    assert views(open_page()) == (*expected, "Worst errors")


def test_a_model_without_errors_and_groups_has_no_view_of_them(ten: Path) -> None:
    text = (ten / "predictions.csv").read_text().replace("100X", "40X")
    # The two that were wrong.
    text = text.replace("0.64,0.36", "0.40,0.60").replace("0.38,0.62", "0.60,0.40")
    (ten / "predictions.csv").write_text(text)
    vouch(ten)
    expected = ("Overview", "Figures", "Decision threshold", "Calibration", "Patients")
    assert views(open_page()) == expected


def test_the_view_on_show_stays_where_another_model_has_it(ten: Path) -> None:
    other = Path(shutil.copytree(ten, ten.parent / "other"))
    vouch(other, name="other", title="Other")
    text = "epoch,loss\n1,0.9\n2,0.7\n"
    (other / "history.csv").write_text(text)
    vouch(other)
    page = open_page()
    page.selectbox(key="judged_model").set_value("other").run()
    go(page, "Calibration")
    page.selectbox(key="judged_model").set_value("tiny").run()
    assert set(charts(page)) == {"reliability"}
    page.selectbox(key="judged_model").set_value("other").run()
    go(page, "Training")
    page.selectbox(key="judged_model").set_value("tiny").run()
    assert set(charts(page)) == {"ROC", "confusion matrix"}


@pytest.mark.usefixtures("ten")
def test_how_it_was_computed_is_told_once_a_page_and_nowhere_else() -> None:
    page = open_page()
    for view in views(page):
        go(page, view)
        accounts = [box for box in page.expander if box.label == HOW]
        assert len(accounts) == 1, view
        inside = accounts[0].get("download_button")
        assert inside, view
        assert len(page.get("download_button")) == len(inside), view
        assert not page.caption or all("research use" in said.value for said in page.caption), view
        outside = "".join(each.proto.body for each in page.get("html"))
        assert "lobule-quiet" not in outside, view
        told = [each.proto.body for each in accounts[0].get("html")]
        assert outside.count("lobule-how") == "".join(told).count("lobule-how") > 0, view


def test_a_leaky_model_wears_its_mark_on_every_figure(ten: Path) -> None:
    training = json.loads((ten / "card.json").read_text())["training"]
    vouch(ten, training={**training, "split": "image", "leaky": True})
    page = open_page()
    # AUROC, balanced accuracy, sensitivity, specificity, ECE, AUROC within patients.
    assert html(page).count('<th scope="row"><bdi>▲ LEAKY ') == 6
    for view in views(page):
        go(page, view)
        assert "Leaky split" in html(page)
        if view == "Figures":
            assert "▲ LEAKY Model" in html(page)
        for name, figure in charts(page).items():
            assert "LEAKY SPLIT" in figure["layout"]["title"]["text"], name


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
    assert {"compared", "ROC of several"} <= charts(page).keys()


def test_an_ensemble_has_the_figures_of_its_members_averaged_answers(ten: Path) -> None:
    from core.architectures import build  # noqa: PLC0415 - loads TensorFlow
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
    assert row(page, "AUROC") == [f"{auroc:.3f}", "0.833"]
    assert row(page, "Balanced accuracy")[0] == f"{balanced:.3f}"
    assert "10 images of 4 patients" in shown
    assert NEVER_JUDGED not in shown
    said = f"does not clearly beat colour alone: AUROC {auroc:.2f}"
    assert said in shown
    assert "Training" not in views(page)  # made of others: it has no epochs
    for view in views(page):
        go(page, view)
    page.switch_page("pages/models.py").run()
    assert not page.exception
    shelf = html(page)
    assert NEVER_JUDGED not in shelf
    assert "10 images of 4 patients, " in shelf
    assert f"<dd><bdi>{auroc:.3f} (too few patients for an interval)</bdi></dd>" in shelf


def test_answers_that_cannot_be_read_are_a_sentence(ten: Path) -> None:
    (ten / "predictions.csv").write_text("image,patient\n1,2\n")
    vouch(ten)
    assert "lacks label" in html(open_page())


def test_numbers_are_the_chart_and_run_nothing_in_a_spreadsheet() -> None:
    table = pd.DataFrame({"patient": ["=1+1", "B"], "score": [0.5, -1.0]})
    assert as_csv(table).decode("utf-8-sig").split() == ["patient,score", "'=1+1,0.5", "B,-1.0"]


def test_a_package_without_answers_says_so(ten: Path) -> None:
    package = load_package(ten)
    (ten / "predictions.csv").unlink()
    assert "no predictions.csv" in str(held_out("tiny", package))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    each_time({"idc"}, sorted(path.name for path in (ROOT / "models").iterdir() if path.is_dir())),
)
def test_every_view_of_every_shipped_model(name: str) -> None:
    page = open_page()
    page.selectbox(key="judged_model").set_value(name).run()
    for view in views(page):
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
    assert "do not say which is positive" in html(page)
    box = page.selectbox(key=f"positive-{folder}")
    assert (list(box.options), box.value) == (["a", "x"], None)
    box.set_value("x").run()
    assert not page.exception
    assert page.selectbox(key=f"positive-{folder}").value == "x"
    # Another question, which nobody has put yet.
    assert "has not answered" in html(page)
    assert "do not say which is positive" not in html(page)
