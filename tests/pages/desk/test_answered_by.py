"""Who answered, what else could, and the question how an image was taken."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.registry.package import load_package
from pages.desk.answered_by import package_of
from pages.shared.how_taken import objective
from pages.shared.picture import address_of
from tests.pages.conftest import answered, upload_images
from tests.pages.test_diagnose import html, open_page, tissue

pytestmark = pytest.mark.usefixtures("shelf")


@pytest.fixture
def page() -> AppTest:
    return upload_images(open_page(), ("a.png", tissue(1)))


@pytest.mark.slow
def test_it_is_said_which_model_answered_and_why(page: AppTest) -> None:
    assert not page.exception
    (who,) = [text for text in page.text if text.value.startswith("Answered by: ")]
    assert who.value == "Answered by: Tiny :red[model]"
    assert who.help == "The only model available."
    assert "does not clearly beat colour alone" in html(page), "what speaks against it"
    page.button(key="open_chosen_card").click().run()
    assert "Patient 33" in html(page)


@pytest.mark.slow
def test_nothing_is_said_of_a_model_that_was_asked_for(page: AppTest) -> None:
    answered(page.selectbox(key="model").set_value("tiny").run())
    assert not [text for text in page.text if text.value.startswith("Answered by: ")]


@pytest.mark.slow
def test_the_answer_to_the_question_is_the_scale(page: AppTest) -> None:
    assert any(text.value == "How was this taken?" for text in page.text)
    answered(page.button(key="taken-4×").click().run())
    assert not page.exception
    assert page.number_input(key="um_per_px").value == 2.5
    assert "2.5 µm/px (given)" in html(page)
    assert not any(text.value == "How was this taken?" for text in page.text)
    # 64 px at 0.25 µm/px are 16 µm, and the model looks at 200.
    answered(page.number_input(key="um_per_px").set_value(0.25).run())
    assert "No model may answer on this image" in html(page)
    assert "it needs 200 µm, the image shows 16 µm" in html(page)
    assert '<div class="lobule-refused"><img src="data:image/png;base64,' in html(page)


def test_an_answer_is_of_the_package_with_its_hash(shelf: Path) -> None:
    package = load_package(shelf / "tiny")
    assert package_of(package.model_sha256) == package
    assert package_of("0" * 64) is None


def test_every_objective_has_a_picture() -> None:
    assert all(
        address_of(objective(name)).startswith("data:image/jpeg;base64,/9j/")
        for name in ("4×", "40×")
    )
