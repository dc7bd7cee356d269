import json
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.registry.exchange import export_package
from core.registry.package import load_package
from core.registry.shelf import active_name, shelf
from tests.pages.conftest import drawn_until_gone

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120


@pytest.fixture
def own(shelf: Path, home: Path) -> Path:
    """A sound model and a broken one of the user's own, beside the shipped ones."""
    folder = Path(shutil.copytree(shelf / "tiny", home / "models" / "mine"))
    card = json.loads((folder / "card.json").read_text())
    card |= {"name": "mine", "title": "Mine"}
    card["training"] |= {"leaky": True, "split": "image"}
    card["evaluation"] |= {"leaky": True, "auroc_interval": [0.871, 0.943]}
    (folder / "card.json").write_text(json.dumps(card))
    (home / "models" / "half").mkdir()
    return folder


def open_page() -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
    page.switch_page("pages/models.py").run()
    assert not page.exception
    return page


def html(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def click(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception
    return page


@pytest.mark.usefixtures("own")
def test_each_model_says_in_words_what_it_is_and_how_far_it_goes() -> None:
    page = open_page()
    shown = html(page)
    for words in ("1 image of 1 patient: none.", "trying pages", "people", "cannot be used"):
        assert words in shown
    for words in ("0.912", "0.912 [0.871, 0.943]", "0.834", "0.756", "0.678", "too few patients"):
        assert words in shown
    assert "does not clearly beat colour alone: AUROC 0.91, colour alone 0.76" in shown
    assert "▲ does not beat colour" in shown
    assert "▲ leaky split" in shown
    assert "say nothing about a new patient" in shown
    assert "carcinoma *seen*" in shown
    assert "&lt;b&gt;carcinoma" in shown
    assert any(text.value.startswith("1,234 images of 1 patient, ") for text in page.text)


@pytest.mark.usefixtures("own")
def test_shipped_models_can_neither_be_renamed_nor_deleted() -> None:
    keys = {button.key for button in open_page().button}
    assert {"delete-mine", "delete-half", "renamed-mine"} <= keys
    assert not {"delete-tiny", "renamed-tiny", "delete-broken", "renamed-half"} & keys


@pytest.mark.usefixtures("own")
def test_another_model_becomes_the_default_and_stays_it_under_another_name() -> None:
    page = open_page()
    assert page.button(key="default-tiny").disabled
    click(page, "default-mine")
    assert active_name() == "mine"
    assert "mine answers by default now" in html(page)
    page.text_input(key="title-mine").set_value("Better")
    page.text_input(key="name-mine").set_value("yours")
    click(page, "renamed-mine")
    assert active_name() == "yours"
    assert "Better" in html(page)


def test_a_name_that_is_taken_is_refused_in_words(own: Path) -> None:
    page = open_page()
    page.text_input(key="name-mine").set_value("tiny")
    click(page, "renamed-mine")
    assert "already a model called" in html(page)
    assert own.is_dir()


def test_deleting_the_default_says_who_answers_now(own: Path) -> None:
    page = click(open_page(), "default-mine")
    assert any("another model takes over" in text.value for text in page.text)
    click(page, "delete-mine")
    assert not own.exists()
    assert "tiny now answers by default" in html(page)
    click(page, "delete-half")
    assert [entry.name for entry in shelf()] == ["broken", "tiny"]


def test_verify_finds_a_change_made_since(own: Path) -> None:
    page = click(open_page(), "verify-mine")
    assert "all 3 files match the card" in html(page)
    # The shelf looks at sizes and times; a change behind its back is for the hashes to find.
    page = open_page()
    (own / "history.csv").write_text("epoch\n7\n")
    click(page, "verify-mine")
    assert "history.csv is changed" in html(page)


def test_a_model_is_imported_once(shelf: Path, home: Path) -> None:
    written = BytesIO()
    export_package(load_package(shelf / "tiny"), written)
    page = open_page()

    def give(name: str) -> None:
        number = page.session_state["imports"]
        uploader = page.file_uploader(key=f"import-{number}")
        uploader.set_value(("tiny.zip", written.getvalue(), "application/zip")).run()
        page.text_input(key=f"import-name-{number}").set_value(name)
        click(page, "import")

    give("")
    assert "already a model called" in html(page)
    give("second")
    assert "was added" in html(page)
    assert load_package(home / "models" / "second").card.title == "Tiny :red[model] (own)"


def give(page: AppTest, path: Path) -> AppTest:
    """Drop a file and wait until it is read."""
    number = page.session_state["imports"]
    file = (path.name, path.read_bytes(), "application/octet-stream")
    page.file_uploader(key=f"import-{number}").set_value(file).run()
    return drawn_until_gone(page, "stop-reading", SECONDS)


def field(page: AppTest, start: str) -> Any:
    """The one widget whose key begins so; what follows is the upload's."""
    kinds = (page.text_input, page.number_input, page.selectbox, page.checkbox)
    (found,) = [each for kind in kinds for each in kind if (each.key or "").startswith(start)]
    return found


@pytest.mark.slow
@pytest.mark.usefixtures("shelf")
def test_a_network_made_elsewhere_is_asked_about_and_added(
    made_elsewhere: Path, home: Path
) -> None:
    page = give(open_page(), made_elsewhere)
    shown = html(page)
    assert "sigmoid of 1" in shown
    assert "Its one output is the probability of the second class" in shown
    assert "GlobalAveragePooling2D" in shown
    assert "adopt" not in {button.key for button in page.button}, "its classes are not known"
    field(page, "classes-").set_value("benign, malignant").run()
    assert field(page, "positive-").value == "malignant"
    click(page, "adopt")
    drawn_until_gone(page, "stop-adopting", SECONDS)
    assert "The scale is unknown" in html(page)
    field(page, "scale-").set_value(0.5).run()
    field(page, "scaling-").set_value("signed").run()
    field(page, "name-").set_value("theirs").run()
    click(page, "adopt")
    drawn_until_gone(page, "stop-adopting", SECONDS)
    assert "theirs was added, and is not judged yet. Scaling: −1 to 1." in html(page)
    card = load_package(home / "models" / "theirs").card
    assert card.classes == ("benign", "malignant")
    assert card.input.field_um == 16.0
    assert "▲ not judged" in html(page)
    assert "made elsewhere" in html(page)
    click(page, "default-theirs")
    assert active_name() == "theirs"
    click(page, "card-theirs")
    assert any("Made elsewhere (theirs.h5)" in text.value for text in page.text)


@pytest.mark.slow
@pytest.mark.usefixtures("shelf")
def test_a_hostile_or_damaged_network_is_refused_in_words(
    made_elsewhere: Path, home: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.h5"
    for content, words in (
        (b"\x80\x04\x95pickled", "a Python pickle"),
        (made_elsewhere.read_bytes()[:2000], "damaged or cut off"),
    ):
        wrong.write_bytes(content)
        page = give(open_page(), wrong)
        assert words in html(page)
        assert "adopt" not in {button.key for button in page.button}
    assert not (home / "models").exists()


@pytest.mark.slow
def test_an_ensemble_is_made_of_models_at_hand(shelf: Path, home: Path) -> None:
    for name, temperature in (("one", 1.0), ("two", 2.0)):
        folder = Path(shutil.copytree(shelf / "tiny", home / "models" / name))
        card = json.loads((folder / "card.json").read_text())
        card |= {"name": name, "temperature": temperature}
        (folder / "card.json").write_text(json.dumps(card))
    page = open_page()
    assert page.button(key="make-ensemble").disabled
    page.multiselect(key="members-0").set_value(["one", "two"]).run()
    page.text_input(key="ensemble-name-0").set_value("both").run()
    click(page, "make-ensemble")
    assert "is named twice" in html(page), "they are one network"


@pytest.mark.usefixtures("shelf")
def test_the_card_says_when_to_believe_the_model() -> None:
    shown = html(click(open_page(), "card-tiny"))
    assert "<h4>When to believe it</h4>" in shown
    for words in (
        "No scope test",
        "No prediction sets",
        "Decision threshold in use, carcinoma *seen* from 0.370 on: fixed by hand",
        "sensitivity –, specificity –",
    ):
        assert words in shown


@pytest.mark.usefixtures("shelf")
def test_a_file_that_is_no_model_is_refused_in_words() -> None:
    page = open_page()
    page.file_uploader(key="import-0").set_value(("a.zip", b"nothing", "application/zip")).run()
    click(page, "import")
    assert "not a valid zip file" in html(page)


def test_without_any_model_the_page_says_what_to_do(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))
    assert "make models" in html(open_page())
