"""Hostile uploads through a real browser: each is answered or refused, the server stays."""

import time
from collections.abc import Iterator

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect

from core.registry.card import Card
from core.registry.package import save_package
from tests.browser.conftest import AppServer, free_port, serving
from tests.hostile import NUMBER, Upload, encoded, hostile_uploads
from tests.pages.conftest import CARD

BATCH = 100
ANSWER = 240_000  # ms
MOST_GROWTH = 200  # MB

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """Lobule with a small untrained model: it is the files that count."""
    from core.architectures import build, heatmap_layer  # noqa: PLC0415 - loads TensorFlow

    folder = tmp_path_factory.mktemp("hostile")
    save_package(
        folder / "models" / "tiny",
        Card.model_validate({**CARD, "heatmap_layer": heatmap_layer("cnn3")}),
        build("cnn3", (32, 32, 3), 2),
        predictions=pd.DataFrame({"image": ["a"]}),
        history=pd.DataFrame({"epoch": [1]}),
    )
    models = str(folder / "models")
    with serving(folder, free_port(), LOBULE_SHIPPED_MODELS=models) as server:
        yield server


def put(page: Page, uploads: list[Upload]) -> None:
    """Lay files on the empty desk and wait until each is answered or refused."""
    page.locator("input[type=file]").set_input_files(
        [{"name": one.name, "mimeType": "image/png", "buffer": one.content} for one in uploads],
        timeout=60_000,
    )
    words = "1 image" if len(uploads) == 1 else f"{len(uploads)} images"
    expect(page.get_by_role("button", name=f"Clear the desk ({words})")).to_be_visible(
        timeout=ANSWER
    )
    expect(page.locator(".st-key-desk_progress")).to_have_count(0, timeout=ANSWER)


def clear(page: Page) -> None:
    page.locator(".st-key-desk_clear button").first.click()
    expect(page.get_by_text("Drop images, get answers")).to_be_visible(timeout=60_000)


def test_each_is_answered_or_refused_and_the_memory_comes_back(
    chromium: Browser, tiny: AppServer
) -> None:
    uploads = hostile_uploads()
    assert len(uploads) == NUMBER
    page = chromium.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(tiny.url)
    # The model is loaded and every kind of file was met once before memory is taken down.
    kinds = {one.kind: one for one in uploads if one.kind != "decompression bomb"}
    put(page, list(kinds.values()))
    clear(page)
    before = tiny.megabytes
    for start in range(0, NUMBER, BATCH):
        put(page, uploads[start : start + BATCH])
        assert page.title() == "Lobule"
        expect(page.get_by_text("Traceback")).to_have_count(0)
        clear(page)
    page.close()
    ends = time.monotonic() + 60
    while tiny.megabytes - before > MOST_GROWTH and time.monotonic() < ends:
        time.sleep(1)
    after = tiny.megabytes
    print(f"\n{NUMBER} uploads: {before:.0f} MB before, {after:.0f} MB after")  # noqa: T201 - a figure for the notes
    assert after - before <= MOST_GROWTH
    assert tiny.process.poll() is None
    assert not faults
    log = tiny.log.read_text()
    assert "An image got no answer" not in log  # what Lobule logs for a fault of its own
    assert "Traceback" not in log
    written = {path.name for path in tiny.home.parent.iterdir()}
    assert written <= {"home", "models", "streamlit.log", ".streamlit", ".cache", ".config"}


def test_a_forged_name_costs_a_refresh_and_no_image(chromium: Browser, tiny: AppServer) -> None:
    # No disk has a file with a zero byte in its name; Streamlit refuses to draw a page with one.
    page = chromium.new_page()
    page.goto(tiny.url)
    put(page, [Upload("a.png", encoded(1, "png"), "sound")])
    page.locator("input[type=file]").set_input_files(
        {"name": "a\0b.png", "mimeType": "image/png", "buffer": b"x"}
    )
    page.wait_for_timeout(2000)
    page.reload(timeout=ANSWER)
    back = page.get_by_role("button", name="Clear the desk (1 image)")
    expect(back).to_be_visible(timeout=ANSWER)
    expect(page.get_by_text("Traceback")).to_have_count(0)
    page.close()
