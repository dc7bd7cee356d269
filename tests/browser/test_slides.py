"""A slide in a real browser: opened, zoomed, pointed at, drawn on, and opened by its link."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.settled import settled
from tests.made_slides import pyramid, section, write_tiff

if TYPE_CHECKING:
    from tests.browser.conftest import AppServer

NAME = "journey.svs"
SLOW = 120_000  # ms: the first answer loads the model
MAP = ".js-plotly-plot"

pytestmark = pytest.mark.slow


@pytest.fixture
def slides_server(tiny_server: "AppServer") -> Iterator["AppServer"]:
    """The server with one slide of 1.8 × 1.2 mm at 0.5 µm/px."""
    uploads = tiny_server.home / "slides" / "uploads"
    uploads.mkdir(parents=True, exist_ok=True)
    levels = pyramid(section(3600, 2400), 3)
    file = write_tiff(uploads / NAME, levels, kind="svs", um_per_px=0.5, tile=256)
    yield tiny_server
    file.unlink()


def readout(page: Page) -> str:
    return page.locator("[role=toolbar] output").inner_text()


def test_from_the_list_to_a_field_and_back_by_a_link(
    chromium: Browser, slides_server: "AppServer"
) -> None:
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    tiles: list[int] = []

    def note(response: object) -> None:
        if "/slide-tiles/" in response.url:  # type: ignore[attr-defined]
            tiles.append(response.status)  # type: ignore[attr-defined]

    page.on("response", note)
    page.goto(f"{slides_server.url}/slides")
    page.get_by_role("button", name=NAME).click()
    expect(page.locator(".lobule-scale-bar")).to_have_text("200 µm", timeout=SLOW)
    settled(page)

    page.keyboard.press("6")
    expect(page.locator("[role=toolbar] output")).to_have_text("40×")
    expect(page.locator(".lobule-scale-bar")).to_have_text("20 µm")
    width = page.locator(".lobule-scale-bar").bounding_box()
    assert width
    assert width["width"] == pytest.approx(80, abs=1), "0.25 µm a screen pixel"
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"x=1860&y=1200&zoom=2\b"))

    chart = page.locator(MAP).bounding_box()
    assert chart
    page.mouse.click(chart["x"] + chart["width"] / 2 + 80, chart["y"] + chart["height"] / 2)
    expect(page.get_by_text("Field, 800 × 800 µm")).to_be_visible(timeout=SLOW)
    at = page.get_by_text(re.compile(r"At [\d,]+, [\d,]+ px")).inner_text()
    left, top = (float(part.replace(",", "")) for part in re.findall(r"[\d,]*\d", at)[:2])
    assert (left, top) == pytest.approx((1100, 400), abs=2)
    expect(page.locator(".lobule-answer")).to_be_visible(timeout=SLOW)
    expect(page).to_have_url(re.compile(r"x=1860&y=1200&zoom=2\b"))
    assert readout(page) == "40×", "the view stays where it was"
    assert tiles
    assert set(tiles) == {200}

    page.locator('.modebar-btn[data-val="select"]').click()
    middle = chart["x"] + chart["width"] / 2, chart["y"] + chart["height"] / 2
    page.mouse.move(middle[0] - 100, middle[1] - 60)
    page.mouse.down()
    page.mouse.move(*middle, steps=3)
    page.mouse.move(middle[0] + 100, middle[1] + 60, steps=3)
    page.mouse.up()
    expect(page.get_by_role("heading", name="Region, 50 × 30 µm")).to_be_visible(timeout=SLOW)
    assert readout(page) == "40×"

    again = chromium.new_page(viewport={"width": 1440, "height": 900})
    again.goto(page.url)
    expect(again.locator("[role=toolbar] output")).to_have_text("40×", timeout=SLOW)
    settled(again)
    expect(again).to_have_url(re.compile(r"x=1860&y=1200&zoom=2\b"))
    again.close()
    page.close()
    assert not slides_server.faults
