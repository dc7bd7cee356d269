"""The Models page in a real browser, with the models that ship."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from core.registry.package import load_package
from tests.browser.settled import settled
from tests.browser.watched import watched
from tests.each_time import each_time

if TYPE_CHECKING:
    from tests.browser.conftest import AppServer

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path.name for path in (ROOT / "models").iterdir() if path.is_dir())
WAIT = 300_000  # ms; an import loads TensorFlow

pytestmark = pytest.mark.slow


@pytest.fixture
def page(chromium: Browser, app_server: "AppServer") -> Iterator[Page]:
    """The Models page; fails if a script on it fails."""
    with watched(chromium, f"{app_server.url}/models", WAIT) as tab:
        tab.get_by_role("heading", name="Models", exact=True).wait_for()
        yield tab


def download(page: Page, name: str, button: str) -> bytes:
    card = page.locator(f".st-key-shelf-{name}")
    settled(page)  # what opens stays where the key was when it was pressed
    card.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).click()
    page.keyboard.press("Escape")
    return Path(waiting.value.path()).read_bytes()


@pytest.mark.parametrize("name", each_time({"idc"}, SHIPPED))
def test_a_shipped_model_shows_its_figures_and_prints_them(page: Page, name: str) -> None:
    package = load_package(ROOT / "models" / name)
    result = package.card.evaluation
    assert result is not None
    card = page.locator(f".st-key-shelf-{name}")
    for words in ("Trained on", "Held-out results", "Good for, not for", "shipped"):
        expect(card.get_by_text(words, exact=True).first).to_be_visible()
    expect(card.get_by_text(f"{result.auroc:.3f}").first).to_be_visible()
    expect(card.get_by_text("does not beat colour")).to_have_count(0 if result.beats_colour else 1)
    expect(card.get_by_role("button", name="Delete")).to_have_count(0)
    card.get_by_role("button", name="Verify").click()
    expect(card.get_by_text("match the card's hashes")).to_be_visible()
    reader = PdfReader(io.BytesIO(download(page, name, "Card on one page, PDF")))
    assert len(reader.pages) == 1
    text = " ".join(reader.pages[0].extract_text().split())
    assert f"{result.auroc:.3f}" in text
    assert f"{result.colour_auroc:.3f}" in text
    assert package.model_sha256 in text


@pytest.mark.exhaustive
def test_a_model_goes_out_comes_back_and_is_looked_after(
    page: Page, app_server: "AppServer", tmp_path: Path
) -> None:
    content = download(page, "idc", "Model, zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert "idc/card.json" in archive.namelist()
    file = tmp_path / "idc.zip"
    file.write_bytes(content)
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Add this model").click()
    expect(page.get_by_text("already a model called 'idc'")).to_be_visible()
    field = page.get_by_role("textbox", name="Its name here")
    field.fill("mine")
    field.press("Enter")
    settled(page)
    page.get_by_role("button", name="Add this model").click()
    expect(page.get_by_text("was added.")).to_be_visible(timeout=3 * WAIT)
    assert load_package(app_server.home / "models" / "mine")
    settled(page)

    mine = page.locator(".st-key-shelf-mine")
    mine.get_by_role("button", name="Rename").click()
    title = page.get_by_role("textbox", name="Title")
    title.fill("A <b>better</b> *title*")
    page.get_by_role("textbox", name="Name", exact=True).fill("yours")
    page.locator(".st-key-renamed-mine button").click()
    expect(page.get_by_text("A <b>better</b> *title*").first).to_be_visible()
    settled(page)

    yours = page.locator(".st-key-shelf-yours")
    yours.get_by_role("button", name="Make default").click()
    expect(yours.get_by_text("answers by default")).to_be_visible()
    page.reload()
    expect(yours.get_by_text("answers by default")).to_be_visible()
    settled(page)
    yours.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("idc now answers by default")).to_be_visible()
    expect(yours).to_have_count(0)
    assert not list((app_server.home / "models").iterdir())
