"""Words in a model's card and in a run's request come out as text, whatever they hold."""

import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from core.registry.card import Card
from tests.browser.conftest import AppServer, free_port, serving
from tests.browser.settled import settled
from tests.browser.test_datasets import HOSTILE, harmless
from tests.browser.watched import watched
from tests.pages.made_up_runs import MadeUpRuns

WAIT = 300_000  # ms

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def hostile_server(
    tmp_path_factory: pytest.TempPathFactory, tiny_models: Path
) -> Iterator[AppServer]:
    """Lobule with a model and a run that are described in HTML, SQL and Markdown."""
    folder = tmp_path_factory.mktemp("hostile-words")
    package = shutil.copytree(tiny_models, folder / "models") / "tiny"
    content = json.loads((package / "card.json").read_text())
    content |= dict.fromkeys(("title", "summary", "licence"), HOSTILE)
    content |= {key: [HOSTILE] for key in ("good_for", "not_for", "citations")}
    content["training"] |= {"dataset": HOSTILE, "command": HOSTILE}
    content["training"]["patients"] = {"train": [HOSTILE], "validation": ["b"], "test": ["c"]}
    content["evaluation"] |= {"protocol": HOSTILE, "notes": [HOSTILE]}
    content["evaluation"]["by_patient"][0]["patient"] = HOSTILE
    (package / "card.json").write_text(Card.model_validate(content).to_json())
    runs = MadeUpRuns(folder / "home", package)
    runs.add("by-hand", "finished", epochs=3, data=Path(f"/data/{HOSTILE}"))
    with serving(folder, free_port(), LOBULE_SHIPPED_MODELS=str(package.parent)) as server:
        yield server


@pytest.fixture
def page(chromium: Browser, hostile_server: AppServer) -> Iterator[Page]:
    """A tab that fails if a script on it fails or a word of the card runs."""
    with watched(chromium, hostile_server.url, WAIT) as tab:
        yield tab


def test_every_page_shows_them_as_text(page: Page, hostile_server: AppServer) -> None:
    for address in ("models", "performance", "training?run=all", "training?run=new", "about", ""):
        page.goto(f"{hostile_server.url}/{address}")
        expect(page.locator(".lobule-drawn").first).to_be_attached()
        settled(page)
        harmless(page)
        if address in {"", "models"}:
            expect(page.get_by_text(HOSTILE).first).to_be_visible()
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option").nth(1).click()
    page.get_by_role("button", name="Model card").click()
    card = page.get_by_role("dialog")
    expect(card.get_by_text(HOSTILE).first).to_be_visible()
    settled(page)
    harmless(page)


def test_a_run_and_its_card_show_them_as_text(page: Page, hostile_server: AppServer) -> None:
    page.goto(f"{hostile_server.url}/training?run=all")
    page.get_by_role("button", name="by-hand").click()
    expect(page.get_by_role("heading", name="by-hand")).to_be_visible()
    settled(page)
    expect(page.get_by_text(HOSTILE).first).to_be_visible()
    harmless(page)


def test_a_printed_card_shows_them_as_text(page: Page, hostile_server: AppServer) -> None:
    page.goto(f"{hostile_server.url}/models")
    settled(page)
    page.locator(".st-key-shelf-tiny").get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Card on one page, PDF").click()
    reader = PdfReader(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    text = re.sub(r"\s", "", reader.pages[0].extract_text())
    assert re.sub(r"\s", "", HOSTILE) in text
    assert "/JavaScript" not in str(reader.trailer["/Root"])
    assert not [link for sheet in reader.pages for link in sheet.annotations or ()]
