"""Hostile uploads through a real browser: each is answered or refused, the server stays."""

import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import AppServer
from tests.hostile import NUMBER, Upload, encoded, hostile_uploads

BATCH = 100
ANSWER = 300_000  # ms
MOST_GROWTH = 200  # MB

pytestmark = pytest.mark.slow


def put(page: Page, uploads: list[Upload]) -> None:
    """Lay files on the empty desk and wait until each is answered or refused."""
    page.locator("input[type=file]").set_input_files(
        [{"name": one.name, "mimeType": "image/png", "buffer": one.content} for one in uploads],
        timeout=60_000,
    )
    words = "1 image" if len(uploads) == 1 else f"{len(uploads)} images"
    expect(page.get_by_role("button", name=f"Clear all ({words})")).to_be_visible(timeout=ANSWER)
    if len(uploads) > 1:  # the table is drawn after the progress: from here on none is the end
        expect(page.locator(".st-key-desk_table").first).to_be_visible(timeout=ANSWER)
    expect(page.locator(".st-key-desk_progress")).to_have_count(0, timeout=ANSWER)


def clear(page: Page) -> None:
    page.get_by_role("button", name="Clear all").first.click()
    page.locator(".st-key-desk_clear button").first.click()
    expect(page.get_by_text("Drop a picture of breast tissue")).to_be_visible(timeout=60_000)
    expect(page.locator("input[type=file]")).to_have_count(1)  # the emptied one is gone


@pytest.mark.parametrize("step", [24, pytest.param(3, marks=pytest.mark.exhaustive)])
def test_each_is_answered_or_refused_and_the_memory_comes_back(
    chromium: Browser, tiny_server: AppServer, step: int
) -> None:
    every = hostile_uploads()
    assert len(every) == NUMBER
    last_of_kind = {one.kind: one for one in every}
    uploads = [one for one in every if one in (*every[::step], *last_of_kind.values())]
    page = chromium.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(tiny_server.url)
    # The model is loaded and every kind of file was met once before memory is taken down.
    kinds = {one.kind: one for one in every if one.kind != "decompression bomb"}
    put(page, list(kinds.values()))
    clear(page)
    before = tiny_server.megabytes
    for start in range(0, len(uploads), BATCH):
        put(page, uploads[start : start + BATCH])
        assert page.title() == "Lobule"
        expect(page.get_by_text("Traceback")).to_have_count(0)
        clear(page)
    page.close()
    ends = time.monotonic() + 60
    while tiny_server.megabytes - before > MOST_GROWTH and time.monotonic() < ends:
        time.sleep(1)
    after = tiny_server.megabytes
    print(f"\n{len(uploads)} uploads: {before:.0f} MB before, {after:.0f} MB after")  # noqa: T201 - a figure for the notes
    assert after - before <= MOST_GROWTH
    assert tiny_server.process.poll() is None
    assert not faults
    log = tiny_server.log.read_text()
    assert "An image got no answer" not in log  # what Lobule logs for a fault of its own
    assert not tiny_server.faults
    written = {path.name for path in tiny_server.home.parent.iterdir()}
    assert written <= {"home", "models", "streamlit.log", ".streamlit", ".cache", ".config"}


def test_a_forged_name_costs_a_refresh_and_no_image(
    chromium: Browser, tiny_server: AppServer
) -> None:
    # No disk has a file with a zero byte in its name; Streamlit refuses to draw a page with one.
    page = chromium.new_page()
    page.goto(tiny_server.url)
    put(page, [Upload("a.png", encoded(1, "png"), "sound")])
    page.locator("input[type=file]").set_input_files(
        {"name": "a\0b.png", "mimeType": "image/png", "buffer": b"x"}
    )
    page.wait_for_timeout(2000)
    page.reload(timeout=ANSWER)
    back = page.get_by_role("button", name="Clear all (1 image)")
    expect(back).to_be_visible(timeout=ANSWER)
    expect(page.get_by_text("Traceback")).to_have_count(0)
    page.close()
