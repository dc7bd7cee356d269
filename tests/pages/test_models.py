import json
import shutil
from io import BytesIO
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.registry.exchange import export_package
from core.registry.package import load_package
from core.registry.shelf import active_name, shelf

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
    assert any(text.value == "1,234 images of 1 patient." for text in page.text)


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
    assert any("another will answer" in text.value for text in page.text)
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
    assert load_package(home / "models" / "second").card.title == "Tiny :red[model]"


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
    assert "no sound zip file" in html(page)


def test_without_any_model_the_page_says_what_to_do(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))
    assert "make models" in html(open_page())
