"""Pages in light and dark, wide and narrow; `SCREENSHOTS_TO=docs` keeps those of the README."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from core.imaging.overlay import encode_png
from core.imaging.phantom import render_phantom
from tests.browser.conftest import AppServer, free_port, serving
from tests.browser.pictures import keep
from tests.browser.settled import settled
from tests.browser.windows import WINDOWS

ROOT = Path(__file__).resolve().parents[2]
ANSWER = 300_000  # ms; the first one loads TensorFlow and the model

FOR_README = "SCREENSHOTS_TO" in os.environ
# The phantom is a hundred tiles and more: as a picture for the README it is worth the wait.
SAMPLE = "Phantom" if FOR_README else "Invasive carcinoma"
SIZE = (400, 600) if FOR_README else (150, 225)  # px of the case's phantoms

WIDE = ".js-plotly-plot, .lobule-answer, [class*=st-key-shelf-]"

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]


@pytest.fixture(scope="module")
def app_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """A Lobule of its own, for a case is kept in it."""
    with serving(tmp_path_factory.mktemp("screenshots"), free_port()) as server:
        yield server


@pytest.mark.parametrize(("width", "scheme"), [*WINDOWS, *([(1440, "dark")] if FOR_README else [])])
def test_a_sample_fits_the_window(
    chromium: Browser, app_server: AppServer, tmp_path: Path, scheme: str, width: int
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 960}, color_scheme=scheme)
    page.goto(app_server.url)
    page.get_by_role("button", name=SAMPLE).first.click(timeout=60_000)
    expect(page.locator(".st-key-pair .heatmaplayer image")).to_have_count(1, timeout=ANSWER)
    expect(page.locator(".cbaxis").get_by_text("100 %")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(1)  # the heatmap's figure is gone
    page.mouse.move(width - 5, 5)
    settled(page)
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    for part in (".lobule-answer", ".js-plotly-plot"):
        box = page.locator(part).first.bounding_box()
        assert box
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= 960
    folder = Path(os.environ.get("SCREENSHOTS_TO", tmp_path))
    file = folder / (f"diagnose-{scheme}.png" if width == 1440 else f"diagnose-{scheme}-900.png")
    if folder == tmp_path or width == 1440:
        keep(page, file)
    page.close()


@pytest.fixture(scope="module")
def case(chromium: Browser, app_server: AppServer) -> tuple[str, str]:
    """Addresses of a desk with three phantoms, one disagreed with, and of the case kept of it."""
    page = chromium.new_page(viewport={"width": 1440, "height": 960})
    page.goto(app_server.url)
    expect(page.get_by_text("The model is loaded.")).to_be_visible(timeout=ANSWER)
    page.locator("input[type=file]").set_input_files(
        [
            {
                "name": f"phantom {seed}.png",
                "mimeType": "image/png",
                "buffer": encode_png(render_phantom(seed, *SIZE).pixels),
            }
            for seed in (0, 1, 2)
        ],
        timeout=60_000,
    )
    page.get_by_role("spinbutton", name="Scale of the images").fill("4")
    page.keyboard.press("Enter")
    expect(page.locator(".lobule-case h2")).to_be_visible(timeout=ANSWER)
    expect(page.locator(".st-key-desk_progress")).to_have_count(0, timeout=ANSWER)
    settled(page)
    page.locator("[class*=st-key-judge-0-] button").first.click()
    settled(page)
    page.get_by_role("button", name="Save as case").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Keep the files' names").click()
    dialog.get_by_role("textbox", name="Your name").fill("A. Reader")
    dialog.get_by_role("button", name="Save", exact=True).click()
    desk = page.url
    page.get_by_role("button", name="Open in the worklist").click(timeout=60_000)
    expect(page.get_by_role("heading", name=re.compile("^Case "))).to_be_visible(timeout=60_000)
    page.wait_for_url(re.compile("case="))
    kept = page.url
    page.close()
    return desk, kept


@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
def test_every_other_page_fits_the_window(
    chromium: Browser,
    app_server: AppServer,
    case: tuple[str, str],
    tmp_path: Path,
    scheme: Literal["light", "dark"],
    width: int,
) -> None:
    pages = {
        "invitation": (app_server.url, "[class*=st-key-samples] img"),
        "desk": (case[0], ".st-key-pair .heatmaplayer image"),
        "case": (case[1], ".st-key-pair .heatmaplayer image"),
        "worklist": (f"{app_server.url}/worklist", "[data-testid=stDataFrame]"),
        "performance": (f"{app_server.url}/performance", ".st-key-curves-overview .js-plotly-plot"),
        "models": (f"{app_server.url}/models", "[class*=st-key-shelf-]"),
        "about": (f"{app_server.url}/about", ".lobule-table"),
    }
    page = chromium.new_page(viewport={"width": width, "height": 960}, color_scheme=scheme)
    to = Path(os.environ.get("SCREENSHOTS_TO", tmp_path))
    for name, (address, part) in pages.items():
        page.goto(address)
        expect(page.locator(part).first).to_be_visible(timeout=ANSWER)
        page.mouse.move(width - 5, 5)
        settled(page)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, name
        for wide in page.locator(WIDE).all():
            box = wide.bounding_box()
            assert box is None or box["x"] + box["width"] <= width, name
        expect(page.get_by_role("alert").filter(has_text="✕")).to_have_count(0)
        if (scheme, width) == ("light", 1440) and name != "invitation":
            keep(page, to / f"{name}-light.png")
        elif to == tmp_path:
            keep(page, to / f"{name}-{scheme}-{width}.png")
    page.close()
