"""The worst errors of the ten answers, and where their images are found."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.datasets.browse import recent_datasets, remember_dataset
from core.datasets.open import open_dataset
from tests.pages.made_up_answers import TEN, html, open_page, vouch

NAMES = ("no carcinoma", "carcinoma")


@pytest.fixture
def images(ten: Path, home: Path, draw: Callable[..., Path]) -> Path:
    """The images of the ten answers, as a manifest names them; the card knows their dataset."""
    folder = home / "images"
    rows = ["path,patient,label"]
    for number, (patient, label, *_) in enumerate(TEN):
        draw(folder / f"{number}.png", 50, 50, number)
        rows.append(f"{number}.png,{patient},{NAMES[label]}")
    manifest = folder / "manifest.csv"
    manifest.write_text("\n".join(rows) + "\n")
    training = json.loads((ten / "card.json").read_text())["training"]
    known = {**training, "dataset_fingerprint": open_dataset(manifest).fingerprint}
    vouch(ten, training=known)
    return manifest


@pytest.mark.usefixtures("ten")
def test_worst_errors_without_the_images(home: Path) -> None:
    page = open_page("Worst errors")
    shown = html(page)
    assert "2 of 10 images miscalled (20.0%)" in shown
    assert shown.index("5.png") < shown.index("6.png")  # 0.36 of its own class, then 0.38
    assert "0.360" in shown
    assert "0.380" in shown
    assert "give the folder of none" in shown
    page.text_input(key="dataset_path").set_value(str(home / "nowhere")).run()
    assert "There is no folder" in html(page)
    assert not page.exception


def test_images_of_a_dataset_opened_before_are_shown_unasked(images: Path) -> None:
    remember_dataset(images.parent / "gone")
    remember_dataset(images)
    page = open_page("Worst errors")
    page.toggle(key="error_heat").set_value(False).run()
    assert not page.exception
    shown = html(page)
    assert shown.count("<img") == 2
    assert 'alt="5.png"' in shown
    assert "give the folder" not in shown
    assert not [field for field in page.text_input if field.key == "dataset_path"]


def test_other_images_of_the_same_names_are_not_shown(
    images: Path, draw: Callable[..., Path]
) -> None:
    remember_dataset(images)
    draw(images.parent / "5.png", 50, 50, seed=99)  # it is another dataset now
    page = open_page("Worst errors")
    assert "<img" not in html(page)
    assert "give the folder of none" in html(page)


def test_a_folder_that_is_given_is_known_from_then_on(images: Path) -> None:
    page = open_page("Worst errors")
    page.text_input(key="dataset_path").set_value(str(images)).run()
    assert html(page).count("<img") == 2
    assert recent_datasets() == [str(images)]
    page = open_page("Worst errors")
    assert html(page).count("<img") == 2
