"""Curves of a model on changed images, with numbers by hand."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.imaging.overlay import encode_png
from tests.pages.conftest import NEGATIVE, POSITIVE, drawn_until_gone
from tests.pages.made_up_answers import (
    SECONDS,
    charts,
    go,
    html,
    open_page,
    own_model,
    views,
    vouch,
    write_ten,
)

# change, amount, unit, AUROC, balanced accuracy, AUROC of colour alone
POINTS = [
    ("none", 0.0, "", 0.96, 0.8, 0.8),
    ("stain", 0.05, "HED strength", 0.95, 0.79, 0.75),
    ("stain", 0.25, "HED strength", 0.84, 0.7, 0.35),
    ("jpeg", 80.0, "quality", 0.94, 0.78, 0.79),
    ("jpeg", 20.0, "quality", 0.72, None, None),
    ("brightness", -15.0, "%", 0.93, 0.77, 0.78),
    ("brightness", 15.0, "%", 0.92, 0.76, 0.77),
]
NAMES = ("change", "amount", "unit", "auroc", "balanced_accuracy", "colour_auroc")


@pytest.fixture
def tiny(shelf: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelf whose one model has ten answers and no figures on changed images."""
    folder = own_model(shelf, home, monkeypatch)
    write_ten(folder)
    return folder


def give(folder: Path, points: list[tuple[Any, ...]], **changes: Any) -> None:
    evaluation = json.loads((folder / "card.json").read_text())["evaluation"]
    robustness = [dict(zip(NAMES, point, strict=True)) for point in points]
    vouch(folder, evaluation={**evaluation, "robustness": robustness}, **changes)


def lines(page: AppTest, kind: str) -> dict[str, dict[str, Any]]:
    return {line["name"]: line for line in charts(page)[f"robustness {kind}"]["data"]}


def test_a_chart_a_change_that_begins_unchanged(tiny: Path) -> None:
    give(tiny, POINTS)
    page = open_page("Robustness")
    assert set(charts(page)) == {
        "robustness stain",
        "robustness jpeg",
        "robustness brightness",
    }
    stain = lines(page, "stain")
    assert list(stain) == ["AUROC", "balanced accuracy", "AUROC, colour alone"]
    assert stain["AUROC"]["x"] == [0.0, 0.05, 0.25]
    assert stain["AUROC"]["y"] == [0.96, 0.95, 0.84]
    assert stain["balanced accuracy"]["y"] == [0.8, 0.79, 0.7]
    assert stain["AUROC, colour alone"]["y"] == [0.8, 0.75, 0.35]
    assert stain["AUROC, colour alone"]["line"]["dash"] == "dot"
    assert len({(line["line"]["color"], line["marker"]["symbol"]) for line in stain.values()}) == 3
    # Light goes both ways, and unchanged lies between.
    assert lines(page, "brightness")["AUROC"]["y"] == [0.93, 0.96, 0.92]
    # The lower the quality the greater the change: 80 is 20 away from the best, 20 is 80 away.
    jpeg = charts(page)["robustness jpeg"]
    assert jpeg["layout"]["xaxis"]["tickvals"] == [0, 20, 80]
    assert jpeg["layout"]["xaxis"]["ticktext"] == ["none", "80", "20"]
    assert lines(page, "jpeg")["balanced accuracy"]["y"] == [0.8, 0.78, None]
    # All share one vertical axis, from under the lowest figure, 0.35.
    for chart in charts(page).values():
        assert chart["layout"]["yaxis"]["range"] == pytest.approx([0.3, 1.02])


def test_sample_units_and_the_greatest_fall_are_said(tiny: Path) -> None:
    give(tiny, POINTS)
    page = open_page("Robustness")
    shown = html(page)
    assert "10 images of 4 patients; AUROC:" in shown
    assert "Hardest change: JPEG of quality 20; AUROC falls from 0.960 to 0.720." in shown
    assert shown.count("from card.json: evaluation.robustness, the rows") == 3
    titles = {chart["layout"]["xaxis"]["title"]["text"] for chart in charts(page).values()}
    assert titles == {"Stain, HED strength", "JPEG, quality", "Brightness, %"}
    downloads = [each.proto.id for each in page.get("download_button")]
    assert sum("download-robustness" in each for each in downloads) == 3


def test_no_fall_is_said_too(tiny: Path) -> None:
    give(tiny, [POINTS[0], ("blur", 1.0, "px of the input", 0.97, 0.8, 0.8)])
    assert "AUROC is 0.960 unchanged, and no change lowers it." in html(open_page("Robustness"))


def test_a_leaky_split_marks_every_chart(tiny: Path) -> None:
    training = json.loads((tiny / "card.json").read_text())["training"]
    give(tiny, POINTS, training={**training, "split": "image", "leaky": True})
    figures = charts(open_page("Robustness"))
    assert len(figures) == 3
    assert all("LEAKY SPLIT" in each["layout"]["title"]["text"] for each in figures.values())


@pytest.mark.usefixtures("tiny")
def test_a_card_without_curves_says_what_to_do() -> None:
    page = open_page()
    assert "Robustness" not in views(page)
    assert "not on the card" in html(page)
    assert "python -m core evaluate tiny --data PATH" in html(page)


def test_a_dataset_is_judged_on_changed_images_and_again(tiny: Path, home: Path) -> None:
    give(tiny, POINTS)
    folder = home / "images"
    add_images(folder, patients=(4, 5))
    page = open_page()
    ask(page, folder / "manifest.csv")
    evaluated(page)
    assert "8 images of 2 patients" in html(page)
    go(page, "Robustness")
    kinds = ("stain", "blur", "jpeg", "brightness", "scale")
    assert set(charts(page)) == {f"robustness {kind}" for kind in kinds}
    assert "from this evaluation" in html(page)
    assert "8 images of 2 patients; AUROC:" in html(page)
    # Images that came later are answered only when it is asked again.
    add_images(folder, patients=(6,))
    page.run()
    assert "8 images of 2 patients" in html(page)
    page.button(key="again-tiny").click().run()
    evaluated(page)
    assert "12 images of 3 patients" in html(page)


def test_images_of_one_class_say_why_there_are_no_curves(tiny: Path, home: Path) -> None:
    give(tiny, POINTS)
    add_images(home / "images", patients=(4,))
    for number in (0, 2):  # those of the other class cannot be read
        (home / "images" / f"4-{number}.png").write_bytes(b"no image")
    page = open_page()
    ask(page, home / "images" / "manifest.csv")
    evaluated(page)
    assert "Robustness" not in views(page)
    assert "the readable images are of one class only" in html(page)
    assert "python -m core evaluate tiny --data PATH" in html(page)


def test_one_network_under_two_names_shares_one_evaluation(tiny: Path, home: Path) -> None:
    other = Path(shutil.copytree(tiny, tiny.parent / "other"))
    vouch(other, name="other", title="Other")
    add_images(home / "images", patients=(4,))
    page = open_page()
    page.selectbox(key="judged_model").set_value("tiny").run()
    page.multiselect(key="compared-tiny").set_value(["other"]).run()
    ask(page, home / "images" / "manifest.csv")
    assert not page.exception
    evaluated(page)
    assert {"again-tiny", "again-other"} <= {button.key for button in page.button}


def ask(page: AppTest, manifest: Path) -> None:
    """Have the model on show judged on a dataset."""
    page.radio(key="judged_on").set_value("A dataset of mine").run()
    page.text_input(key="dataset_path").set_value(str(manifest)).run()
    page.button(key="evaluate-tiny").click().run()


def add_images(folder: Path, patients: tuple[int, ...]) -> None:
    """Four images a patient, of each class in turn, as a manifest names them."""

    folder.mkdir(exist_ok=True)
    manifest = folder / "manifest.csv"
    rows = manifest.read_text().splitlines() if manifest.exists() else ["path,patient,label"]
    random = np.random.default_rng(0)
    for patient in patients:
        for number in range(4):
            name = f"{patient}-{number}.png"
            pixels = random.integers(0, 255, (50, 50, 3)).astype(np.uint8)
            (folder / name).write_bytes(encode_png(pixels))
            rows.append(f"{name},P{patient},{(NEGATIVE, POSITIVE)[number % 2]}")
    manifest.write_text("\n".join(rows) + "\n")


def evaluated(page: AppTest) -> None:
    """Wait until the evaluation has ended."""
    drawn_until_gone(page, "stop-tiny", SECONDS)
