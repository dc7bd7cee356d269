"""A slide in a real browser: opened, zoomed, pointed at, answered, taken away, opened again."""

import json
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pydicom
import pytest
import tifffile
from playwright.sync_api import Browser, Page, Response, expect

from core.slides.export import FORMATS
from tests.browser.conftest import free_port, serving
from tests.browser.settled import settled
from tests.browser.watched import watched
from tests.made_slides import pyramid, section, write_dicom, write_tiff

if TYPE_CHECKING:
    from tests.browser.conftest import AppServer

NAME = "journey.svs"
WIDTH, HEIGHT, UM = 2400, 2000, 0.5
SLOW = 120_000  # ms: the first answer loads the model
MAP = ".js-plotly-plot"
READOUT = "[role=toolbar] output"

pytestmark = pytest.mark.slow


@pytest.fixture
def slides_server(app_server: "AppServer") -> Iterator["AppServer"]:
    """The server with one slide of 1.2 × 1 mm at 0.5 µm/px, and no answer afterwards."""
    uploads = app_server.home / "slides" / "uploads"
    uploads.mkdir(parents=True, exist_ok=True)
    levels = pyramid(section(WIDTH, HEIGHT), 3)
    write_tiff(uploads / NAME, levels, kind="svs", um_per_px=UM, tile=256)
    yield app_server
    shutil.rmtree(app_server.home / "slides")


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[[str], Page]]:
    """Open a page; fails if a script on it fails, or a tile does not come."""
    faults: list[str] = []

    def note(response: Response) -> None:
        if "/slide-tiles/" in response.url and not response.ok:
            faults.append(f"{response.status} {response.url}")

    with ExitStack() as tabs:

        def open_page(address: str) -> Page:
            page = tabs.enter_context(watched(chromium, address, SLOW))
            page.on("response", note)
            return page

        yield open_page
    assert not faults


def readout(page: Page) -> str:
    return page.locator(READOUT).inner_text()


def to_40(page: Page) -> None:
    """Zoom to 40×, and see that a bar of 20 µm is as long as it says."""
    page.keyboard.press("6")
    expect(page.locator(READOUT)).to_have_text("40×")
    bar = page.locator(".lobule-scale-bar")
    expect(bar).to_have_text("20 µm")
    box = bar.bounding_box()
    assert box
    assert box["width"] == pytest.approx(80, abs=1), "0.25 µm a screen pixel"


def answer_folder(home: Path) -> Path:
    (folder,) = (home / "slides" / "answers").glob("2*")
    return folder


def kill_answering(home: Path) -> bytes:
    """Kill the process that answers, once it has answered some tiles; returns what it wrote."""
    until = time.monotonic() + SLOW / 1000
    while not any((home / "slides").glob("answers/2*/tiles.bin")) or not (
        (answer_folder(home) / "tiles.bin").stat().st_size
    ):
        assert time.monotonic() < until
        time.sleep(0.02)
    folder = answer_folder(home)
    wanted = f"\0work\0{folder.name}\0".encode()
    (process,) = (
        path.parent for path in Path("/proc").glob("[0-9]*/cmdline") if wanted in read_or_not(path)
    )
    os.kill(int(process.name), signal.SIGKILL)
    return (folder / "tiles.bin").read_bytes()


def read_or_not(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a process that has just ended
        return b""


def taken(page: Page, title: str, folder: Path) -> Path:
    """Take a file along."""
    with page.expect_download() as started:
        page.get_by_role("button", name=title).click()
    return started.value.path().rename(folder / started.value.suggested_filename)


def test_answered_killed_resumed_taken_away_and_opened_again(
    slides_server: "AppServer", visit: Callable[[str], Page], tmp_path: Path
) -> None:
    page = visit(f"{slides_server.url}/slides")
    page.get_by_role("button", name=NAME).click()
    expect(page.locator(".lobule-scale-bar")).to_have_text("200 µm", timeout=SLOW)
    to_40(page)

    page.get_by_role("button", name="Answer the whole slide").click()
    before = kill_answering(slides_server.home)
    expect(page.get_by_text("The process ended without a word")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Answer it again")).to_be_visible(timeout=SLOW)
    assert readout(page) == "40×", "the view stays where it was"
    after = (answer_folder(slides_server.home) / "tiles.bin").read_bytes()
    assert len(after) > len(before)
    assert after.startswith(before[: len(before) // 2]), "what was answered is not answered again"

    page.get_by_role("button", name="Take it along").click()
    written = taken(page, "Outlines and tiles for QuPath", tmp_path)
    tiles = [
        feature
        for feature in json.loads(written.read_bytes())["features"]
        if feature["properties"]["objectType"] == "detection"
    ]
    # Squares of 200 µm each 100 µm: 11 in a row and 9 in a column of 1.2 × 1 mm.
    assert len(tiles) == 11 * 9
    with tifffile.TiffFile(taken(page, "Heatmap", tmp_path)) as file:
        assert file.is_ome
        height, width = file.series[0].shape[:2]
        assert width / height == pytest.approx(WIDTH / HEIGHT, rel=0.05)

    again = visit(page.url)
    expect(again.locator(READOUT)).to_have_text("40×", timeout=SLOW)
    expect(again.get_by_role("button", name="Answer it again")).to_be_visible(timeout=SLOW)
    expect(again).to_have_url(re.compile(r"x=1200&y=1000&zoom=2\b"))
    assert not slides_server.faults


@pytest.mark.exhaustive
def test_from_the_list_to_a_field_and_a_region(
    slides_server: "AppServer", visit: Callable[[str], Page]
) -> None:
    page = visit(f"{slides_server.url}/slides")
    page.get_by_role("button", name=NAME).click()
    expect(page.locator(".lobule-scale-bar")).to_have_text("200 µm", timeout=SLOW)
    settled(page)
    to_40(page)
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"x=1260&y=1000&zoom=2\b"))

    chart = page.locator(MAP).bounding_box()
    assert chart
    page.mouse.click(chart["x"] + chart["width"] / 2 + 80, chart["y"] + chart["height"] / 2)
    expect(page.get_by_text("Field, 800 × 800 µm")).to_be_visible(timeout=SLOW)
    at = page.get_by_text(re.compile(r"Middle at [\d,]+, [\d,]+ px")).inner_text()
    middle = tuple(float(part.replace(",", "")) for part in re.findall(r"[\d,]*\d", at)[:2])
    assert middle == pytest.approx((1300, 1000), abs=2)
    expect(page.locator(".lobule-answer")).to_be_visible(timeout=SLOW)
    expect(page).to_have_url(re.compile(r"x=1260&y=1000&zoom=2\b"))
    assert readout(page) == "40×", "the view stays where it was"

    page.locator('.modebar-btn[data-val="select"]').click()
    middle = chart["x"] + chart["width"] / 2, chart["y"] + chart["height"] / 2
    page.mouse.move(middle[0] - 100, middle[1] - 60)
    page.mouse.down()
    page.mouse.move(*middle, steps=3)
    page.mouse.move(middle[0] + 100, middle[1] + 60, steps=3)
    page.mouse.up()
    expect(page.get_by_role("heading", name="Region, 50 × 30 µm")).to_be_visible(timeout=SLOW)
    assert readout(page) == "40×"
    assert not slides_server.faults


@pytest.mark.exhaustive
def test_who_comes_back_from_another_page_sees_what_was_left(
    slides_server: "AppServer", visit: Callable[[str], Page]
) -> None:
    page = visit(f"{slides_server.url}/slides")
    page.get_by_role("button", name=NAME).click()
    expect(page.locator(".lobule-scale-bar")).to_have_text("200 µm")
    settled(page)
    to_40(page)
    settled(page)  # a key that comes while the page is drawn anew may be lost
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"x=1260&y=1000&zoom=2\b"))
    page.get_by_role("link", name="About").click()
    expect(page.locator(".lobule-scale-bar")).to_have_count(0)
    page.get_by_role("link", name="Slides").click()
    expect(page.locator(READOUT)).to_have_text("40×")
    expect(page).to_have_url(re.compile(r"x=1260&y=1000&zoom=2\b"))
    page.get_by_role("button", name="All slides").click()
    expect(page.locator(READOUT)).to_have_count(0)
    settled(page)  # a click before the list is whole finds the map where it was
    page.get_by_role("button", name=NAME).click()
    expect(page.locator(".lobule-scale-bar")).to_have_text("200 µm")  # all of it again
    assert not slides_server.faults


@pytest.mark.exhaustive
def test_a_dicom_slide_comes_in_by_upload_is_answered_exported_and_deleted(
    slides_server: "AppServer", visit: Callable[[str], Page], tmp_path: Path
) -> None:
    files = write_dicom(tmp_path / "series", pyramid(section(1200, 1000, 4), 2), tile=256)
    page = visit(f"{slides_server.url}/slides")
    page.locator("input[type=file]").set_input_files(files)
    slide = page.get_by_role("button", name="volume-0-0", exact=True)
    slide.click()
    page.get_by_role("button", name="Answer the whole slide").click()
    expect(page.get_by_role("button", name="Answer it again")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Take it along").click()
    segments = pydicom.dcmread(taken(page, "Regions", tmp_path))
    source = pydicom.dcmread(files[0])
    assert segments.FrameOfReferenceUID == source.FrameOfReferenceUID
    assert taken(page, "Report (PDF)", tmp_path).read_bytes().startswith(b"%PDF")
    page.keyboard.press("Escape")

    page.get_by_role("button", name="All slides").click()
    delete = page.get_by_role("button", name="Delete")
    expect(delete).to_have_count(2)
    delete.last.click()
    expect(page.get_by_text("Delete its answer, too")).to_be_visible()
    page.get_by_role("button", name="Delete for good").click()
    expect(slide).to_have_count(0)
    assert not list((slides_server.home / "slides").glob("answers/2*"))
    assert not list((slides_server.home / "slides" / "uploads").rglob("*.dcm"))
    expect(page.get_by_role("button", name=NAME)).to_be_visible()
    assert not slides_server.faults


@pytest.mark.exhaustive
def test_a_real_slide(
    shared: Path, visit: Callable[[str], Page], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Where it lies: answered, taken away in every format, kept as a case, opened by a refresh."""
    folder = tmp_path_factory.mktemp("real-slide")
    root = shared / "data" / "slides"
    with serving(folder, free_port(), LOBULE_SLIDES=str(root)) as server:
        page = visit(f"{server.url}/slides")
        page.get_by_role("button", name="cmu-1-small-region.svs").click()
        expect(page.locator(".lobule-scale-bar")).to_be_visible()
        settled(page)
        to_40(page)
        page.get_by_role("button", name="Answer the whole slide").click()
        expect(page.get_by_role("button", name="Answer it again")).to_be_visible(timeout=SLOW)
        page.get_by_role("button", name="Take it along").click()
        for known in FORMATS.values():
            assert taken(page, known.title, folder).stat().st_size > 500
        page.keyboard.press("Escape")
        page.reload()
        expect(page.locator(READOUT)).to_have_text("40×")
        expect(page.get_by_role("button", name="Answer it again")).to_be_visible(timeout=SLOW)
        page.get_by_role("button", name="Save as case").click()
        page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("button", name="Open in the worklist").click()
        expect(page.get_by_text("Slide, overview").first).to_be_visible(timeout=SLOW)
        page.get_by_role("link", name="Slides").click()
        expect(page.locator(READOUT)).to_have_text("40×")
        page.get_by_role("button", name="All slides").click()
        expect(page.get_by_role("button", name="Delete")).to_have_count(0)
        assert not server.faults
