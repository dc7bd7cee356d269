"""A model made elsewhere in a real browser: from its own `.h5` to a judged card and an answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from core.registry.package import load_package
from tests.browser.settled import settled
from tests.browser.watched import watched

if TYPE_CHECKING:
    from tests.browser.conftest import AppServer

WAIT = 300_000  # ms; TensorFlow is loaded, and a model is judged

pytestmark = pytest.mark.slow


@pytest.fixture
def page(chromium: Browser, app_server: "AppServer") -> Iterator[Page]:
    """The Models page; fails if a script on it fails, or anything in the server."""
    with watched(chromium, f"{app_server.url}/models", WAIT) as tab:
        tab.get_by_role("heading", name="Models", exact=True).wait_for()
        yield tab
    assert not app_server.faults


def fill(page: Page, role: str, name: str, value: object) -> None:
    field = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
    field.fill(str(value))
    field.press("Enter")
    settled(page)


@pytest.mark.exhaustive
def test_own_h5_to_a_judged_card(
    page: Page, app_server: "AppServer", made_elsewhere: Path, tiny_idc: Path
) -> None:
    page.locator("input[type=file]").first.set_input_files(made_elsewhere)
    brought = page.locator(".st-key-brought")
    expect(brought.get_by_text("Heatmaps explain")).to_be_visible(timeout=WAIT)
    expect(brought.get_by_text("last", exact=True).first).to_be_visible()
    expect(brought.get_by_text("sigmoid of 1")).to_be_visible()
    settled(page)
    fill(page, "textbox", "Its 2 classes", "no IDC, IDC")
    expect(brought.get_by_role("combobox", name="Positive class")).to_have_value("IDC")

    picture = next((tiny_idc / "1").rglob("*class1.png"))
    brought.locator("input[type=file]").set_input_files(picture)
    expect(brought.get_by_role("rowheader", name="−1 to 1")).to_be_visible(timeout=WAIT)
    expect(brought.get_by_role("columnheader", name="no IDC")).to_be_visible()

    fill(page, "textbox", "Folder or manifest", tiny_idc)
    colours = brought.get_by_role("combobox", name="Colours, as it wants them")
    expect(colours).to_have_value("Find out on the labelled folder")
    brought.get_by_text("It was trained on none of these patients").click()
    settled(page)
    fill(page, "textbox", "Name", "theirs")
    fill(page, "textbox", "Title", "Theirs")
    brought.get_by_role("button", name="Add this model").click()
    told = "theirs was added, judged on 120 images of 6 patients. Scaling: −1 to 1."
    expect(page.get_by_text(told)).to_be_visible(timeout=WAIT)
    expect(brought).to_have_count(0)

    package = load_package(app_server.home / "models" / "theirs")
    result = package.card.evaluation
    assert result
    shown = page.locator(".st-key-shelf-theirs")
    expect(shown.get_by_text("made elsewhere", exact=True)).to_be_visible()
    expect(shown.get_by_text(f"{result.auroc:.3f}").first).to_be_visible()
    settled(page)
    shown.get_by_role("button", name="Model card").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Made elsewhere (theirs.h5)").first).to_be_visible()
    expect(dialog.get_by_text("Scope test:").first).to_be_visible()
    page.keyboard.press("Escape")
    settled(page)
    shown.get_by_role("button", name="Make default").click()
    expect(shown.get_by_text("answers by default")).to_be_visible()
    settled(page)

    page.get_by_role("link", name="Diagnose").click()
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name="Theirs").click()
    page.locator("input[type=file]").first.set_input_files(picture)
    expect(page.locator(".lobule-answer h2")).not_to_be_empty(timeout=WAIT)

    page.get_by_role("link", name="Models").click()
    settled(page)
    shown.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(shown).to_have_count(0)
    assert not list((app_server.home / "models").iterdir())


def test_what_is_no_network_is_refused_in_words(page: Page, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.h5"
    wrong.write_bytes(b"\x80\x04\x95pickled")
    page.locator("input[type=file]").first.set_input_files(wrong)
    expect(page.get_by_text("a Python pickle")).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("Traceback")).to_have_count(0)
