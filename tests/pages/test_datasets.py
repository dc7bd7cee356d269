import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120

pytestmark = [pytest.mark.usefixtures("shelf"), pytest.mark.slow]


def html(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def start() -> AppTest:
    """The page as app.py runs it: AppTest cannot follow its navigation."""
    page = AppTest.from_file(str(ROOT / "pages" / "datasets.py"), default_timeout=SECONDS)
    page.session_state["through_app"] = True
    return page.run()


def open_folder(folder: Path | str) -> AppTest:
    """The page once the audit of a folder has ended."""
    page = start()
    page.text_input(key="dataset_path").set_value(str(folder)).run()
    deadline = time.monotonic() + SECONDS
    while not [button for button in page.button if button.key == "again"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
        page.run()
    assert not page.exception
    return page


def view(page: AppTest, name: str) -> str:
    page.segmented_control(key="view").set_value(name).run()
    assert not page.exception
    return html(page)


def test_empty_page_says_what_to_do() -> None:
    page = start()
    assert not page.exception
    assert page.title[0].value == "Is the dataset sound?"


def test_every_view_of_a_dataset(tiny_idc: Path) -> None:
    page = open_folder(tiny_idc)
    assert "140 images" in html(page)
    assert "lobule-finding" in html(page)
    assert "<th" in view(page, "Contents")
    assert view(page, "Samples").count("<img") == 24
    assert view(page, "Patients").count('class="lobule-patient"') == 8
    split = view(page, "Split")
    assert "0.0 %" in split
    assert "Split by image (leaky)" in split
    assert page.selectbox(key="recent").options == [str(tiny_idc)]


@pytest.mark.parametrize("kind", ["missing", "empty", "wrong"])
def test_folders_without_a_dataset_are_explained(
    tmp_path: Path, draw: Callable[..., Path], kind: str
) -> None:
    folder = tmp_path / "<b>x"
    if kind != "missing":
        folder.mkdir()
    if kind == "wrong":
        draw(folder / "a.png")
    page = open_folder(folder)
    assert "lobule-error" in html(page)
    assert "&lt;b&gt;x" in html(page)
    assert "<b>x" not in html(page)


def test_unreadable_file_is_an_error_and_no_picture(tiny_breakhis: Path) -> None:
    next(tiny_breakhis.rglob("*100-001.png")).write_bytes(b"no image")
    page = open_folder(tiny_breakhis)
    assert "Not sound" in html(page)
    assert "✕ unreadable" in view(page, "Samples")
    assert "lobule-warning" in view(page, "Split")
