"""The page in light and dark, wide and narrow; `SCREENSHOTS_TO=docs` keeps those of the README."""

import os
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

if TYPE_CHECKING:
    from tests.browser.conftest import AppServer

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 400_000
ANSWER = 120_000  # ms; the first one loads TensorFlow and the model

pytestmark = pytest.mark.slow


def keep(page: Page, path: Path) -> None:
    """Save the view with a palette of 256 colours, a quarter of the size.

    Maximum coverage keeps the few pixels of the colour bar, which a median cut gives away.
    """
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(256, method=Image.Quantize.MAXCOVERAGE).save(path, optimize=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 900])
def test_phantom_fits_the_window(
    chromium: Browser, app_server: "AppServer", tmp_path: Path, scheme: str, width: int
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 960}, color_scheme=scheme)
    page.goto(app_server.url)
    page.get_by_role("button", name="Try the phantom").first.click(timeout=60_000)
    expect(page.locator(".heatmaplayer image")).to_have_count(1, timeout=ANSWER)
    page.get_by_text("Probability map", exact=True).click()
    expect(page.locator(".cbaxis").get_by_text("100 %")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(1)  # the heatmap's figure is gone
    page.mouse.move(width - 5, 5)
    expect(page.locator("[data-testid=stStatusWidget]")).to_have_count(0)
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
        assert file.stat().st_size < MOST_BYTES
    page.close()
