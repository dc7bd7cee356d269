"""A case of many images in a real browser: by keyboard, sorted, after a refresh."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from core.imaging.overlay import encode_png
from pages.desk.state import MOST_IMAGES
from tests.browser.settled import settled

if TYPE_CHECKING:
    from tests.browser.conftest import AppServer

ANSWER = 300_000  # ms; the first one loads TensorFlow and the model
NUMBER = 6
# The tiny model's classes are "no carcinoma" and "carcinoma": N, and A since C is Streamlit's.
KEYS = {"c": "a", "n": "n", "u": "u"}

pytestmark = pytest.mark.slow


@pytest.fixture
def page(chromium: Browser, tiny_server: "AppServer", tmp_path: Path) -> Iterator[Page]:
    """Six small images on the desk, answered."""
    tab = chromium.new_page(viewport={"width": 1440, "height": 1000})
    tab.goto(tiny_server.url)
    files = []
    for number in range(NUMBER):
        noise = np.random.default_rng(number).integers(-30, 30, (50, 50, 3))
        shade = np.array([150 + 12 * number, 80 + 15 * number, 170])
        files.append(tmp_path / f"image {number}.png")
        files[-1].write_bytes(encode_png((shade + noise).clip(0, 255).astype(np.uint8)))
    tab.locator("input[type=file]").set_input_files(files, timeout=60_000)
    answered(tab)
    yield tab
    tab.close()


def answered(page: Page) -> None:
    expect(page.get_by_text("mean probability of carcinoma")).to_be_visible(timeout=ANSWER)
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0, timeout=ANSWER)


def on_show(page: Page) -> str:
    return page.locator(".lobule-file span").first.inner_text()


def yours(page: Page) -> list[str]:
    """The pathologist's verdicts, in the order of the table."""
    expect(page.locator(".st-key-desk_table [role=row]").nth(1)).to_be_attached()
    rows = page.locator(".st-key-desk_table [role=row]").all_text_contents()
    return [found[1] for row in rows if (found := re.search(r"\d+ %(.*)image \d+\.png", row))]


def test_a_case_is_judged_with_keys_alone(page: Page) -> None:
    shown = page.locator(".lobule-file span").first
    # Wherever the focus was: on a row of the table, as a click leaves it.
    box = page.locator(".st-key-desk_table canvas").first.bounding_box()
    assert box
    page.mouse.click(box["x"] + 16, box["y"] + 36 + 22)
    expect(page.locator("[class*=st-key-judge-0-] button").first).to_be_enabled()
    settled(page)
    keys = ["c", "n", "u"] * 2
    for number, key in enumerate(KEYS[key] for key in keys):
        expect(shown).to_have_text(f"image {number}.png")
        page.keyboard.press(key)
    expect(page.get_by_text(f"{NUMBER} of {NUMBER} judged by you")).to_be_visible()
    page.keyboard.press("k")
    expect(shown).to_have_text("image 4.png")
    expect(
        page.locator("[class*=st-key-judge-0-] button [data-testid=stIconMaterial]").first
    ).to_be_visible()
    # The table draws itself after the rest of the page.
    last = page.locator(".st-key-desk_table [role=row]").filter(has_text="image 5.png")
    expect(last).to_contain_text("?")
    told = yours(page)
    assert [cell == "?" for cell in told] == [key == "u" for key in keys]
    assert "" not in told
    assert "desk=" in page.url
    page.reload()
    answered(page)
    expect(shown).to_have_text("image 4.png")
    assert yours(page) == told
    page.get_by_role("link", name="Models").click()
    page.get_by_role("heading", name="Models", exact=True).wait_for()
    page.get_by_role("link", name="Diagnose").click()
    answered(page)
    expect(shown).to_have_text("image 4.png")


def test_a_click_back_right_after_a_key_is_a_click(page: Page) -> None:
    """However soon after the key that marked another row."""
    box = page.locator(".st-key-desk_table canvas").first.bounding_box()
    assert box
    shown = page.locator(".lobule-file span").first
    page.keyboard.press("j")
    expect(shown).to_have_text("image 1.png")
    page.mouse.click(box["x"] + 16, box["y"] + 36 + 22)  # the first row
    expect(shown).to_have_text("image 0.png", timeout=5000)
    page.keyboard.press("j")
    expect(shown).to_have_text("image 1.png")
    assert page.locator(".st-key-desk_table_unseen").count() == 1
    expect(page.locator(".st-key-desk_table_unseen")).to_be_hidden()


@pytest.mark.exhaustive
def test_a_click_on_a_head_sorts_and_next_follows_the_order(page: Page) -> None:
    table = page.locator(".st-key-desk_table").first
    grid = table.locator("canvas").first
    box = grid.bounding_box()
    assert box
    # The heads stand where the widths of the columns put them in a window of 1440 px: P is fourth.
    page.mouse.click(box["x"] + 255, box["y"] + 18)
    shares: list[int] = []
    for _ in range(100):  # until the answer to the click is drawn
        rows = page.locator(".st-key-desk_table [role=row]").all_text_contents()
        shares = [int(found[1]) for row in rows if (found := re.search(r"(\d+) %", row))]
        if len(shares) == NUMBER and shares == sorted(shares, reverse=True):
            break
        page.wait_for_timeout(100)
    assert shares == sorted(shares, reverse=True)
    assert len(shares) >= 2
    names = [found[0] for row in rows if (found := re.search(r"image \d\.png", row))]
    following = names[names.index("image 0.png") + 1 :]
    if following:
        page.keyboard.press("j")
        expect(page.locator(".lobule-file span").first).to_have_text(following[0])
    else:
        expect(page.get_by_role("button", name="Next")).to_be_disabled()


@pytest.mark.exhaustive
def test_it_fits_the_window(page: Page) -> None:
    for width in (1440, 900):
        page.set_viewport_size({"width": width, "height": 1000})
        page.wait_for_timeout(1000)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        for part in (".st-key-desk_table", ".st-key-desk_image"):
            box = page.locator(part).first.bounding_box()
            assert box
            assert box["x"] + box["width"] <= width


@pytest.mark.exhaustive
def test_two_hundred_images_are_answered_stopped_and_gone_on_with(
    chromium: Browser, tiny_server: "AppServer", tmp_path: Path
) -> None:
    files = []
    for number in range(MOST_IMAGES + 1):
        noise = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
        files.append(tmp_path / f"image {number:03}.png")
        files[-1].write_bytes(encode_png(noise.repeat(20, axis=0).repeat(20, axis=1)))
    page = chromium.new_page(viewport={"width": 1440, "height": 1000})
    page.goto(tiny_server.url)
    page.locator("input[type=file]").set_input_files(files, timeout=60_000)
    expect(page.get_by_text("1 of 201 images were not taken")).to_be_visible(timeout=ANSWER)
    expect(page.get_by_text(re.compile(r"[1-9]\d* of 200 answered, about"))).to_be_visible(
        timeout=ANSWER
    )
    page.get_by_role("button", name="Stop", exact=True).click()
    stopped = page.get_by_text(re.compile(r"Stopped: \d+ of 200 images answered"))
    expect(stopped).to_be_visible(timeout=ANSWER)
    assert int(stopped.inner_text().split()[1]) < MOST_IMAGES
    page.get_by_role("button", name="Go on").first.click()
    expect(page.get_by_role("button", name="Save as case")).to_be_enabled(timeout=ANSWER)
    expect(page.locator(".st-key-desk_progress")).to_have_count(0)
    expect(page.get_by_text("mean probability of carcinoma")).to_contain_text("of 200 images")
    page.reload()
    expect(page.get_by_role("button", name="Clear all (200 images)")).to_be_visible(timeout=ANSWER)
    page.close()
