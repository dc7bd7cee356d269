"""The Training page in a real browser; `SCREENSHOTS_TO=docs` keeps the pictures of the README."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from core.registry.card import Card
from tests.browser.pictures import keep
from tests.browser.watched import watched
from tests.pages.made_up_runs import MadeUpRuns

if TYPE_CHECKING:
    from tests.browser.conftest import AppServer

ROOT = Path(__file__).resolve().parents[2]
WAIT = 300_000  # ms; TensorFlow is loaded by each check and each run
WRONG = 5  # every fifth label, so that there is something to get wrong

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def phantoms(app_server: "AppServer", made_up_dataset: Path) -> Iterator[Path]:
    """A made-up dataset whose labels are partly wrong, so that no model gets all of them right."""
    folder = shutil.copytree(made_up_dataset, app_server.home.parent / "made-up")
    manifest = folder / "manifest.csv"
    header, *rows = manifest.read_text().splitlines()
    other = {"dense": "normal", "normal": "dense"}
    for number in range(0, len(rows), WRONG):
        path, label, *rest = rows[number].split(",")
        rows[number] = ",".join([path, other[label], *rest])
    manifest.write_text("\n".join([header, *rows]) + "\n")
    yield manifest
    # What was trained is on no other test's shelf.
    shutil.rmtree(app_server.home / "models", ignore_errors=True)


@pytest.fixture
def runs(app_server: "AppServer") -> Iterator[MadeUpRuns]:
    """Runs that nobody trained, and no others."""
    shutil.rmtree(app_server.home / "runs", ignore_errors=True)
    yield MadeUpRuns(app_server.home, ROOT / "models" / "breakhis-binary")
    shutil.rmtree(app_server.home / "runs")


@pytest.fixture
def visit(chromium: Browser, app_server: "AppServer") -> Iterator[Callable[..., Page]]:
    """Open the page at an address; fails if anything goes wrong in it."""
    with ExitStack() as tabs:
        yield lambda run="new", width=1440, scheme="light": tabs.enter_context(
            watched(chromium, f"{app_server.url}/training?run={run}", WAIT, width, scheme)
        )


def fill(page: Page, role: str, name: str, value: object) -> None:
    field = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
    field.fill(str(value), timeout=WAIT)
    field.press("Enter")
    expect(field).to_have_value(str(value), timeout=WAIT)


def begin(page: Page, data: Path, name: str, epochs: int, *, leaky: bool = False) -> str:
    """Fill the form, check, and start; returns the run's id."""
    fill(page, "textbox", "Folder or manifest", data)
    page.get_by_role("combobox", name="Recipe").click()
    page.get_by_role("option", name="cnn3:").click()
    expect(page.get_by_text("at most 20 epochs")).to_be_visible(timeout=WAIT)
    page.get_by_text("Settings", exact=True).click()
    fill(page, "spinbutton", "Side of the input, px", 32)
    page.get_by_role("tab", name="How long").click()
    fill(page, "spinbutton", "Epochs, at most", epochs)
    fill(page, "spinbutton", "Patience, epochs", epochs)
    if leaky:
        page.get_by_role("tab", name="Split", exact=True).click()
        page.get_by_role("combobox", name="Divide").click()
        page.get_by_role("option", name="By image").click()
        expect(page.get_by_text("Leaky split")).to_be_visible(timeout=WAIT)
    fill(page, "textbox", "Name of the model", name)
    page.get_by_role("button", name="Check", exact=True).click()
    start = page.get_by_role("button", name="Start training")
    expect(start).to_be_enabled(timeout=WAIT)
    for part in ("Training", "Validation", "Test"):
        expect(page.get_by_role("rowheader", name=part)).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("Device", exact=True)).to_be_visible()
    start.click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible(timeout=WAIT)
    page.wait_for_url(re.compile(r"run=\d"), timeout=WAIT)
    return page.url.partition("run=")[2]


def standing(page: Page, words: str) -> None:
    badge = page.locator(".lobule-badge").first
    expect(badge).to_have_text(re.compile(words), timeout=WAIT)


def test_a_run_is_started_watched_found_again_and_its_model_used(
    visit: Callable[..., Page], phantoms: Path
) -> None:
    page = visit()
    begin(page, phantoms, "first-run", 6)
    expect(page.get_by_role("progressbar").first).to_be_visible(timeout=WAIT)
    page.reload()
    expect(page.get_by_role("heading", name="first-run")).to_be_visible(timeout=WAIT)
    second = visit("all")
    second.get_by_role("button", name="first-run").click(timeout=WAIT)
    for tab in (page, second):  # nobody touches them
        standing(tab, "finished")
        own = tab.get_by_role("rowheader", name="first-run (this run)")
        expect(own).to_be_visible(timeout=WAIT)
        expect(tab.locator(".js-plotly-plot .legend")).to_have_count(3, timeout=WAIT)
    page.get_by_role("button", name="Use this model").click()
    expect(page.get_by_role("button", name="✓ Added")).to_be_disabled(timeout=WAIT)
    page.get_by_role("link", name="Diagnose").click()
    page.get_by_role("combobox", name="Model").click(timeout=WAIT)
    page.get_by_role("option", name="CNN of three convolutions").click()
    page.get_by_role("button", name="No invasive carcinoma").click()
    expect(page.locator(".lobule-answer h2")).not_to_be_empty(timeout=WAIT)


@pytest.mark.exhaustive
def test_a_leaky_run_stands_beside_an_earlier_one(
    visit: Callable[..., Page], runs: MadeUpRuns, tmp_path: Path
) -> None:
    runs.add("by-patient", "finished", epochs=4)
    later = runs.add("by-image", "finished", epochs=5, changes=("split=image",), hour=1)
    flatter(runs.home / "runs" / later / "package" / "by-image" / "card.json", 0.931)
    pictures(visit, later, tmp_path)


def flatter(card: Path, auroc: float) -> None:
    """Give a model a figure of its own, which the picture in the README shows."""
    content = json.loads(card.read_text())
    content["evaluation"] |= {"auroc": auroc, "auroc_interval": (auroc - 0.03, auroc + 0.03)}
    card.write_text(Card.model_validate(content).to_json())


def pictures(visit: Callable[..., Page], run: str, tmp_path: Path) -> None:
    """See that a run beside an earlier one fits the window, light and dark, wide and narrow."""
    folder = Path(os.environ.get("SCREENSHOTS_TO", tmp_path))
    for scheme in ("light", "dark"):
        for width in (1440, 900):
            page = visit(run, width, scheme)
            beside = page.get_by_role("rowheader", name="by-patient")
            expect(beside).to_be_visible(timeout=WAIT)
            expect(page.locator(".js-plotly-plot .legend")).to_have_count(3, timeout=WAIT)
            page.mouse.move(width - 5, 5)
            expect(page.locator("[data-testid=stStatusWidget]")).to_have_count(0)
            overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert overflow <= 0
            name = f"training-{scheme}.png" if width == 1440 else f"training-{scheme}-900.png"
            if folder == tmp_path or width == 1440:
                keep(page, folder / name)
            page.close()


@pytest.mark.exhaustive
def test_a_run_is_cancelled_and_its_best_kept(visit: Callable[..., Page], phantoms: Path) -> None:
    page = visit()
    begin(page, phantoms, "long", 900, leaky=True)
    expect(page.locator(".js-plotly-plot .legend")).to_have_count(3, timeout=WAIT)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Stop this run").click()
    standing(page, "cancelled")
    expect(page.get_by_role("button", name="Use this model")).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)


@pytest.mark.exhaustive
def test_ticked_runs_are_laid_over_each_other(visit: Callable[..., Page], runs: MadeUpRuns) -> None:
    runs.add("one", "finished", epochs=2)
    runs.add("other", "finished", epochs=2)
    page = visit("all", 900)
    table = page.get_by_test_id("stDataFrame")
    expect(table).to_be_visible(timeout=WAIT)
    box = table.bounding_box()
    assert box
    for row in (1, 2):
        page.mouse.click(box["x"] + 15, box["y"] + 35 * row + 17)
        expect(page.get_by_role("button", name="Open ")).to_have_count(row, timeout=WAIT)
    expect(page.locator(".js-plotly-plot").first.locator(".legend .traces")).to_have_count(
        2, timeout=WAIT
    )
    page.get_by_text("Training too, dotted").click()
    expect(page.locator(".js-plotly-plot").first.locator(".legend .traces")).to_have_count(
        4, timeout=WAIT
    )
    page.get_by_role("button", name="Open ").first.click()
    standing(page, "finished")
    expect(page.get_by_role("heading", name=re.compile("^(one|other)$"))).to_be_visible()
