"""The pictures that ship: whose they are, and that one click answers one."""

import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from core.datasets.idc import stitch
from core.datasets.open import open_dataset
from core.diagnosis import diagnose
from core.imaging.phantom import render_phantom
from core.imaging.read import read_image
from core.imaging.scale import OBJECTIVES
from pages.desk import ahead, samples
from pages.desk.ahead import answer_ahead, answered_ahead
from pages.shared.how_taken import objective
from tests.pages.conftest import answered
from tests.pages.test_diagnose import html, open_page

ROOM = Path(samples.__file__).parent
PLACES = {
    "invasive": ("8980", 24, 17),
    "mixed": ("14082", 36, 18),
    "not-invasive": ("8864", 46, 59),
}
"""Patient, and row and column of the first patch."""


@pytest.mark.parametrize("name", PLACES)
def test_a_sample_is_a_region_of_the_published_patches(name: str, shared: Path) -> None:
    patient, row, column = PLACES[name]
    dataset = open_dataset(shared / "data/idc")
    slide, labels = stitch(dataset, patient)
    region = slide[row * 50 : row * 50 + 200, column * 50 : column * 50 + 250]
    np.testing.assert_array_equal(read_image(ROOM / "samples" / f"{name}.png").pixels, region)
    share = labels[row : row + 4, column : column + 5].mean()
    assert {"invasive": share == 1, "mixed": 0.4 < share < 0.6, "not-invasive": share == 0}[name]


def test_the_samples_are_of_training_patients_as_they_say() -> None:
    card = json.loads(Path("models/idc/card.json").read_text())
    assert {patient for patient, *_ in PLACES.values()} <= set(
        card["training"]["patients"]["train"]
    )


@pytest.mark.parametrize("name", ["4×", pytest.param("10×", marks=pytest.mark.slow)])
def test_an_objective_is_shown_by_a_phantom_of_its_scale(name: str) -> None:
    picture = read_image(objective(name)).pixels
    drawn = render_phantom(height=160, width=160, um_per_px=OBJECTIVES[name]).pixels
    assert np.abs(picture.astype(float) - drawn).mean() < 6


@pytest.mark.slow
@pytest.mark.usefixtures("shelf")
def test_one_click_answers_a_sample_and_says_whose_it_is() -> None:
    page = answered(open_page().button(key="sample-mixed").click().run())
    assert not page.exception
    shown = html(page)
    assert "Carcinoma beside benign tissue (sample).png" in shown
    assert "was trained on" in shown
    assert "4 µm/px (given)" in shown
    assert len(page.get("plotly_chart")) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("shelf")
def test_a_sample_is_answered_ahead_as_it_would_be_when_asked_for() -> None:
    sample = samples.samples()[0]
    assert answered_ahead(sample, "a shelf", 4.0) is None
    others = threading.Event()
    others.set()
    answer_ahead((sample,), "a shelf", others.is_set)
    job = ahead._jobs().get("a shelf")
    assert job is not None
    time.sleep(2)
    assert job.running
    assert answered_ahead(sample, "a shelf", 4.0) is None  # while somebody else waits
    others.clear()
    while job.running:
        time.sleep(0.05)
    answer = answered_ahead(sample, "a shelf", 4.0)
    assert answer is not None, job.error
    alone = diagnose(sample.load(), name=sample.name, um_per_px=4.0)
    np.testing.assert_array_equal(answer.probabilities, alone.probabilities)
    assert answered_ahead(sample, "another shelf", 4.0) is None
    assert answered_ahead(sample, "a shelf", 2.0) is None
