"""Two models beside each other on the Performance page, on the answers of `made_up_answers`."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.figures import compare as performance_compare
from tests.pages.made_up_answers import html, open_page, row, vouch, write_ten


@pytest.fixture
def pair(shelf: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two models of the user's own, "tiny" and "other", with the very same ten answers."""
    first, second = home / "models" / "tiny", home / "models" / "other"
    shutil.copytree(shelf / "tiny", first)
    write_ten(first)
    shutil.copytree(first, second)
    vouch(second, name="other", title="Other")
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))
    return first, second


def compared() -> AppTest:
    page = open_page()
    page.selectbox(key="judged_model").set_value("other").run()
    page.multiselect(key="compared-other").set_value(["tiny"]).run()
    assert not page.exception
    return page


def change(folder: Path, lines: list[str], **card: Any) -> None:
    (folder / "predictions.csv").write_text("\n".join(lines) + "\n")
    vouch(folder, **card)


def test_equal_answers_of_other_folds_do_not_differ(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    head, *lines = (pair[1] / "predictions.csv").read_text().splitlines()
    folds = [1, 1, 1, 1, 2, 2, 2, 2, 2, 2]  # A and B, then C and D
    change(
        pair[1],
        [head]
        + [
            line.replace(",1,1,0.5,", f",1,{fold},0.5,")
            for line, fold in zip(lines, folds, strict=True)
        ],
    )
    offered = {}
    offer = performance_compare.offer_numbers

    def catch(answers: Any, numbers: Any, name: str, how: str, source: str) -> None:
        offered[name] = numbers
        offer(answers, numbers, name, how, source)

    monkeypatch.setattr(performance_compare, "offer_numbers", catch)
    page = compared()
    cells = row(page, "other minus tiny")
    assert cells[0] == "10 images of 4 patients"
    assert all(cell.startswith("+0.000") for cell in cells[1:3])
    auroc, balanced = offered["paired differences"].to_dict("records")
    # One pair of C's images, a third each, is not in order, of a weight of 2 in each class.
    assert auroc["value of first"] == pytest.approx(1 - 1 / 9 / 4)
    assert auroc["value of second"] == auroc["value of first"]
    assert (auroc["figure"], auroc["difference"]) == ("auroc", 0)
    assert (balanced["value of first"], balanced["low"]) == (pytest.approx(5 / 6), None)


@pytest.mark.usefixtures("pair")
def test_how_differences_are_worked_out_is_said_once() -> None:
    page = compared()
    shown = html(page)
    how = "from predictions.csv of both models: on the images in both tables"
    assert shown.count(how) == 1
    for words in ("roc_auc_score", "is called where", "sample_weight", "jackknife"):
        assert words in shown[shown.index(how) :]
    downloads = [each.proto.id for each in page.get("download_button")]
    assert sum("download-paired differences" in each for each in downloads) == 1


def test_a_leaky_model_is_not_called_better_without_its_mark(pair: tuple[Path, Path]) -> None:
    # Twelve patients of one image each; the leaky one is right of all, the other of none.
    head = (pair[0] / "predictions.csv").read_text().splitlines()[0]
    names = [
        line.split(",")[3] for line in (pair[0] / "predictions.csv").read_text().splitlines()[1:3]
    ]
    for folder, right in zip(pair, (0, 1), strict=True):
        chance = [0.9 - 0.8 * (number % 2 == right) for number in range(12)]
        lines = [
            f"{number}.png,p{number},40X,{names[number % 2]},1,1,0.5,"
            f"{1 - own:.1f},{own:.1f},0.5,0.5"
            for number, own in enumerate(chance)
        ]
        change(folder, [head, *lines])
    training = json.loads((pair[0] / "card.json").read_text())["training"]
    vouch(pair[0], training={**training, "split": "image", "leaky": True})
    page = compared()
    cells = row(page, "other minus ▲ LEAKY tiny")
    assert cells[1] == "-1.000 [-1.000, -1.000], worse"
    page.selectbox(key="judged_model").set_value("tiny").run()
    page.multiselect(key="compared-tiny").set_value(["other"]).run()
    assert row(page, "▲ LEAKY tiny minus other")[1] == "+1.000 [+1.000, +1.000], better"


def test_on_whom_each_was_judged_stands_first(pair: tuple[Path, Path]) -> None:
    page = compared()
    words = html(page)
    assert row(page, "Other", "Judged on") == ["4", "10", "held-out patients of none"]
    assert "The same 10 images of 4 patients for all." in words
    assert words.index("<bdi>Judged on</bdi>") < words.index("other minus tiny")
    # Without the images of D the other was judged on fewer, which are the same.
    head, *lines = (pair[1] / "predictions.csv").read_text().splitlines()
    change(pair[1], [head, *(line for line in lines if ",D," not in line)])
    page = compared()
    assert row(page, "Other", "Judged on") == ["3", "7", "held-out patients of none"]
    assert "Different images; 7 images of 3 patients are the same." in html(page)
    # The same file names of other patients are other images.
    change(pair[1], [head, *(line.replace("png,", "png,x") for line in lines)])
    assert "Different images, none the same" in html(compared())
