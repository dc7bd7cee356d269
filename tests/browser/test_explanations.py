"""Other explanations as a pathologist asks for them."""

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from core.imaging.overlay import encode_png
from core.imaging.phantom import render_phantom

if TYPE_CHECKING:
    from tests.browser.conftest import AppServer

SECOND = 1000
LONG = 300 * SECOND
PANELS = ".lobule-panel img"

pytestmark = pytest.mark.slow


def open_with(chromium: Browser, server: "AppServer", pixels: np.ndarray) -> Page:
    """The page with an answer, its other explanations opened."""
    page = chromium.new_page(viewport={"width": 1440, "height": 1000})
    page.goto(server.url)
    page.get_by_role("button", name="Phantom").wait_for(timeout=LONG)
    # A drawn piece of unknown scale is none that a model would be chosen for.
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name="Invasive ductal carcinoma").click()
    page.get_by_role("button", name="Model card").wait_for(timeout=LONG)
    page.locator("input[type=file]").first.set_input_files(
        {"name": "piece.png", "mimeType": "image/png", "buffer": encode_png(pixels)}
    )
    expect(page.locator(".st-key-pair .heatmaplayer image")).to_have_count(1, timeout=LONG)
    page.get_by_text("Other explanations", exact=True).click()
    expect(page.get_by_role("button", name="Explain", exact=True)).to_be_visible(timeout=LONG)
    return page


@pytest.mark.exhaustive
def test_methods_stand_side_by_side_once_they_are_asked_for(
    chromium: Browser, app_server: "AppServer"
) -> None:
    pixels = render_phantom(seed=1, height=50, width=50).pixels
    page = open_with(chromium, app_server, pixels)
    expect(page.locator(PANELS)).to_have_count(0)
    page.get_by_text("Occlusion", exact=True).click()
    page.get_by_role("button", name="Explain", exact=True).click()
    expect(page.locator(PANELS)).to_have_count(5, timeout=LONG)  # the image and four maps
    for name in ("Grad-CAM", "Grad-CAM++", "LayerCAM", "Occlusion"):
        expect(page.get_by_alt_text(f"The {name} map.")).to_be_visible()
    for width, in_a_row in ((1440, 4), (900, 2)):
        page.set_viewport_size({"width": width, "height": 1000})
        page.wait_for_timeout(1000)
        boxes = [panel.bounding_box() for panel in page.locator(PANELS).all()]
        assert all(box and box["x"] + box["width"] <= width for box in boxes)
        first_row = [box for box in boxes if box and boxes[0] and abs(box["y"] - boxes[0]["y"]) < 2]
        assert len(first_row) == in_a_row
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.exhaustive
def test_a_long_one_tells_how_far_it_is_and_can_be_stopped(
    chromium: Browser, app_server: "AppServer"
) -> None:
    pixels = render_phantom(seed=3, height=50, width=50).pixels
    page = open_with(chromium, app_server, pixels)
    # A mark follows its name where its card says that it is no guide.
    page.get_by_text(re.compile("^Score-CAM( ⚠)?$")).click()
    page.get_by_role("button", name="Explain", exact=True).click()
    expect(page.get_by_text("Score-CAM (4 of 4)")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Stopped. Finished maps are shown.")).to_be_visible(timeout=LONG)
    expect(page.locator(PANELS)).to_have_count(4)
    expect(page.get_by_role("button", name="Explain", exact=True)).to_be_visible()
    page.close()
