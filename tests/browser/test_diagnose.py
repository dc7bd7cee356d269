import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from core.datasets.published_scale import IDC_UM_PER_PX
from tests.browser.watched import watched

if TYPE_CHECKING:
    from tests.browser.conftest import AppServer

ROOT = Path(__file__).resolve().parents[2]
SECOND = 1000
ANSWER = 300 * SECOND  # the first one loads TensorFlow and the model

pytestmark = pytest.mark.slow


@pytest.fixture
def page(chromium: Browser, app_server: "AppServer") -> Iterator[Page]:
    """The Diagnose page; fails if it asks anybody else for anything, or a script on it fails."""
    with watched(chromium, app_server.url, 30 * SECOND) as tab:
        tab.get_by_role("button", name="Phantom").wait_for(timeout=60 * SECOND)
        yield tab


def answered(page: Page) -> None:
    """Wait for the answer and see that all of it is there."""
    head = page.locator(".lobule-answer h2")
    expect(head).not_to_be_empty(timeout=ANSWER)
    if "Out of scope" in head.inner_text():
        page.get_by_text("Show the answer anyway").click()
    bar = page.get_by_role("img", name="decision threshold")
    expect(bar).to_be_visible()
    expect(page.locator(".lobule-answer output")).to_contain_text("%")
    expect(page.locator(".st-key-pair .heatmaplayer image")).to_have_count(1, timeout=ANSWER)
    expect(page.locator(".js-plotly-plot .imagelayer image")).to_have_count(2)


def downloaded(page: Page, button: str) -> bytes:
    with page.expect_download(timeout=ANSWER) as waiting:
        page.get_by_role("button", name=button).click()
    return Path(waiting.value.path()).read_bytes()


def by_command_line(image: Path, home: Path, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "core", "predict", str(image), "--json", *options]
    environment = {**os.environ, "LOBULE_HOME": str(home)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def same(shown: dict[str, Any], printed: dict[str, Any]) -> None:
    assert shown.keys() == printed.keys()
    for changing in ("seconds", "path"):
        shown.pop(changing)
        printed.pop(changing)
    assert shown == printed


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("pattern", "magnification", "um_per_px"),
    [
        ("idc/8864/1/*.png", None, None),
        ("breakhis_fullres/**/40X/*.png", "40X", "0.49"),
    ],
    ids=["idc", "breakhis"],
)
def test_real_image_is_answered_as_on_the_command_line(
    page: Page,
    app_server: "AppServer",
    shared: Path,
    pattern: str,
    magnification: str | None,
    um_per_px: str | None,
) -> None:
    image = min((shared / "data").glob(pattern))
    if magnification:
        page.get_by_role("radio", name=magnification, exact=True).click()
        expect(page.get_by_label("Scale of the images, µm/px").last).to_have_value(um_per_px or "")
    page.locator("input[type=file]").set_input_files(image)
    answered(page)
    shown = json.loads(downloaded(page, "Result, JSON"))
    assert shown["path"] == image.name
    assert page.locator(".lobule-answer h2").inner_text().lower().endswith(shown["outcome"].lower())
    options = ["--um-per-px", um_per_px] if um_per_px else []
    same(shown, by_command_line(image, app_server.home, *options))
    overlay = Image.open(BytesIO(downloaded(page, "Overlay, PNG")))
    with Image.open(image) as original:
        assert overlay.size == original.size


def test_a_sample_by_keyboard_is_answered_as_on_the_command_line(
    page: Page, app_server: "AppServer"
) -> None:
    page.get_by_role("button", name="Invasive carcinoma", exact=True).focus()
    page.keyboard.press("Enter")
    answered(page)
    expect(page.get_by_text("no test of it").first).to_be_visible()
    expect(page.locator(".js-plotly-plot .cbaxis").get_by_text("100 %")).to_be_visible()
    file = ROOT / "pages" / "desk" / "samples" / "invasive.png"
    printed = by_command_line(file, app_server.home, "--um-per-px", f"{IDC_UM_PER_PX:g}")
    same(json.loads(downloaded(page, "Result, JSON")), printed)


@pytest.mark.exhaustive
def test_both_panels_zoom_together_and_keep_the_zoom(page: Page) -> None:
    page.get_by_role("button", name="Invasive carcinoma", exact=True).click()
    answered(page)
    plot = page.locator(".js-plotly-plot")
    whole = plot.evaluate("plot => plot._fullLayout.xaxis2.range.slice()")
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    for _ in range(3):
        page.mouse.wheel(0, -300)
    zoomed = "plot => plot._fullLayout.xaxis2.range[1] - plot._fullLayout.xaxis2.range[0]"
    page.wait_for_function(
        f"width => ({zoomed})(document.querySelector('.js-plotly-plot')) < 0.9 * width",
        arg=whole[1] - whole[0],
    )
    ranges = plot.evaluate("plot => [plot._fullLayout.xaxis.range, plot._fullLayout.xaxis2.range]")
    assert ranges[0] == pytest.approx(ranges[1])
    page.get_by_role("slider", name="Opacity").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".heatmaplayer")).to_have_css("opacity", "0.75")
    assert plot.evaluate("plot => plot._fullLayout.xaxis2.range") == pytest.approx(ranges[1])


def test_hostile_names_are_text_and_a_bad_file_stops_nobody(page: Page) -> None:
    name = "<img src=x onerror=alert(1)> *b* $x$ :red[y] a\u202egnp.exe.png"
    page.locator("input[type=file]").set_input_files(
        [
            {"name": name, "mimeType": "image/png", "buffer": b"not an image"},
            {"name": "empty.png", "mimeType": "image/png", "buffer": b""},
        ]
    )
    shown = page.locator(".lobule-file")
    expect(shown).to_have_text(name.replace("\u202e", "⟨U+202E⟩"), timeout=ANSWER)
    expect(page.get_by_role("alert").filter(has_text="✕")).to_be_visible(timeout=ANSWER)
    expect(page.get_by_text("Traceback")).to_have_count(0)
    expect(page.locator("img[src=x]")).to_have_count(0)


def test_card_opens_from_the_keyboard(page: Page) -> None:
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name="Invasive ductal carcinoma").click()
    page.get_by_role("button", name="Model card").focus(timeout=ANSWER)
    page.keyboard.press("Enter")
    card = page.get_by_role("dialog")
    for words in ("Good for", "Not for", "Held-out results", "colour alone", "SHA-256", "Licence"):
        expect(card.get_by_text(words).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
