"""The Datasets page in a real browser; `SCREENSHOTS_TO=docs` keeps the pictures of the README."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from core.counts import counted
from core.datasets.open import open_dataset
from tests.browser.conftest import free_port, serving
from tests.browser.pictures import keep
from tests.browser.settled import open_account, settled
from tests.browser.watched import watched
from tests.browser.windows import WINDOWS

if TYPE_CHECKING:
    from tests.browser.conftest import AppServer

WAIT = 300_000  # ms
VIEWS = {
    "Overview": ".lobule-strip img",
    "Findings": ".lobule-finding",
    "Contents": ".js-plotly-plot .barlayer path",
    "Samples": ".lobule-grid img",
    "Patients": ".lobule-patient img",
    "Split": ".lobule-leak",
}

HOSTILE = "<img src=x onerror=alert(1)> '; DROP TABLE cases;-- :red[x] [a](b) $x$"
FORMULA = '=HYPERLINK("http://x.test","y")'

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def phantoms(app_server: "AppServer", made_up_dataset: Path) -> Path:
    """A made-up dataset in the home folder of the server; its page calls it `~/phantoms`."""
    return Path(shutil.copytree(made_up_dataset, app_server.home.parent / "phantoms"))


@pytest.fixture
def visit(chromium: Browser, app_server: "AppServer") -> Iterator[Callable[..., Page]]:
    """Open the page at its own address; fails if anything goes wrong in it or the server."""
    with ExitStack() as tabs:
        yield lambda width=1440, scheme="light": tabs.enter_context(
            watched(chromium, f"{app_server.url}/datasets", WAIT, width, scheme)
        )
    assert not app_server.faults


def give(page: Page, place: Path | str) -> None:
    field = page.get_by_role("textbox", name="Folder or manifest")
    field.fill(str(place), timeout=WAIT)
    field.press("Enter")


def audit(page: Page, place: Path | str) -> None:
    give(page, place)
    page.get_by_role("button", name="Audit again").wait_for(timeout=WAIT)


def name_positive(page: Page, name: str) -> None:
    """Answer which class is positive, which the page asks where the words do not say it."""
    page.get_by_role("combobox", name="Positive class").click(timeout=WAIT)
    page.get_by_role("option", name=name).click(timeout=WAIT)


def show(page: Page, view: str) -> None:
    page.get_by_role("radio", name=view, exact=True).click(timeout=WAIT)
    # A bar of nothing is there, but cannot be seen.
    expect(page.locator(f"{VIEWS[view]} >> visible=true").first).to_be_visible(timeout=WAIT)
    page.mouse.move(0, 0)
    settled(page)


def test_first_visit_to_its_own_address_shows_the_page_in_its_frame(
    chromium: Browser, tmp_path: Path
) -> None:
    with serving(tmp_path, free_port()) as server:
        page = chromium.new_page()
        page.goto(f"{server.url}/datasets")
        heading = page.get_by_role("heading", name="Is the dataset sound?")
        expect(heading).to_be_visible(timeout=WAIT)
        expect(page.get_by_role("link", name="Diagnose")).to_be_visible()
        expect(page.get_by_text("For research use only")).to_be_visible()
        expect(page.get_by_text("Page not found")).to_have_count(0)
        assert page.url.endswith("/datasets")
        page.close()
        assert not server.faults


@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
@pytest.mark.exhaustive
def test_every_view_fits_and_is_drawn(
    visit: Callable[..., Page], phantoms: Path, tmp_path: Path, width: int, scheme: str
) -> None:
    page = visit(width, scheme)
    audit(page, f"~/{phantoms.name}/manifest.csv")
    expect(page.get_by_role("status").filter(has_text="Not sound")).to_be_visible()
    folder = Path(os.environ.get("SCREENSHOTS_TO", tmp_path))
    for view in VIEWS:
        show(page, view)
        cut = page.evaluate(
            """() => [document.documentElement, ...document.querySelectorAll(
                '[data-testid=stMain], .lobule-scroll, .lobule-strip, .lobule-grid')]
                .filter(part => part.scrollWidth > part.clientWidth + 1).length"""
        )
        assert not cut, f"{view} scrolls sideways"
        empty = page.evaluate("[...document.images].filter(i => !i.naturalWidth).length")
        assert not empty
        if view == "Overview" and width == 1440:
            seen_at_once(page)
        if view == ("Split" if scheme == "dark" else "Overview") and width == 1440:
            file = folder / f"datasets-{scheme}.png"
            keep(page, file)
    bars = page.locator(".js-plotly-plot .errorbar")
    expect(bars.first).to_be_visible(timeout=WAIT)


def seen_at_once(page: Page) -> None:
    """What is wrong stands above picture and numbers, which stand beside each other."""
    wrong = page.locator(".lobule-reasons li").first
    chart, table = page.locator(".js-plotly-plot"), page.locator(".lobule-table")
    last = page.locator(".lobule-strip img").last
    places = [part.bounding_box() for part in (wrong, chart, table, last)]
    assert all(place and place["y"] + place["height"] <= 960 for place in places)
    first, bars, numbers, _ = places
    assert first
    assert bars
    assert numbers
    assert first["y"] < bars["y"]
    assert bars["x"] + bars["width"] <= numbers["x"]


@pytest.mark.parametrize("name", [pytest.param("breakhis", marks=pytest.mark.exhaustive), "idc"])
@pytest.mark.exhaustive
def test_real_data_is_shown_as_it_is(
    visit: Callable[..., Page], shared: Path, some_idc: Path, name: str
) -> None:
    marked = name == "breakhis"  # with magnifications
    folder = shared / "data" / name if marked else some_idc
    dataset = open_dataset(folder)
    page = visit()
    audit(page, folder)
    size = page.locator(".lobule-file")
    expect(size).to_contain_text(counted(len(dataset.records), "image"))
    expect(size).to_contain_text(f"{dataset.records['patient'].nunique()} patients")
    for view in VIEWS:
        show(page, view)
    expect(page.locator(".lobule-answer output").first).to_have_text("0.0 %")
    expect(page.locator(".lobule-answer output")).to_have_count(2)
    assert float(page.locator(".lobule-answer output").last.inner_text().split()[0]) > 90
    show(page, "Overview")
    open_account(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="All records, CSV").click()
    table = pd.read_csv(Path(waiting.value.path()), dtype=str)
    assert table["path"].tolist() == dataset.records["path"].tolist()
    expect(page.get_by_text("Magnifications", exact=True)).to_have_count(int(marked))
    if marked:
        page.get_by_role("button", name="100X").click()
        fewer = int((dataset.records["magnification"] == "100X").sum())
        expect(size).to_contain_text(f"{fewer} images", timeout=WAIT)


def test_decisions_are_kept_and_another_page_does_not_forget(
    visit: Callable[..., Page], app_server: "AppServer", phantoms: Path
) -> None:
    page = visit()
    audit(page, phantoms / "manifest.csv")
    show(page, "Findings")
    unreadable = page.locator("[class*=st-key-finding]").filter(has_text="is unreadable")
    unreadable.get_by_role("button", name="Drop 1 image").click(timeout=WAIT)
    expect(unreadable.get_by_role("button", name="✓ Dropped 1 image")).to_be_visible(timeout=WAIT)
    expect(page.locator(".lobule-file")).to_contain_text("140 images · 1 dropped")
    (file,) = (app_server.home / "audits").glob("*.json")
    assert len(json.loads(file.read_text())["drop"]) == 1
    page.get_by_role("link", name="Diagnose").click()
    expect(page.get_by_role("button", name="Phantom")).to_be_visible(timeout=WAIT)
    page.get_by_role("link", name="Datasets").click()
    expect(page.locator(".lobule-file")).to_contain_text("1 dropped", timeout=WAIT)
    unreadable.get_by_role("button", name="Undo").click(timeout=WAIT)
    expect(page.locator(".lobule-file")).to_have_text(
        "manifest · 141 images · 10 patients · 2 classes", timeout=WAIT
    )


@pytest.mark.exhaustive
def test_a_folder_is_picked_step_by_step(visit: Callable[..., Page], tiny_idc: Path) -> None:
    page = visit()
    give(page, tiny_idc / "nothing")
    expect(page.get_by_role("alert").filter(has_text="There is no folder")).to_be_visible(
        timeout=WAIT
    )
    page.get_by_role("button", name="Pick a folder").click()
    dialog = page.get_by_role("dialog")
    place = dialog.locator(".lobule-file")
    expect(place).to_have_text(str(tiny_idc), timeout=WAIT)
    dialog.get_by_role("button", name="Up one folder").click()
    expect(place).to_have_text(str(tiny_idc.parent), timeout=WAIT)
    dialog.get_by_role("combobox").click()
    page.get_by_role("option", name="idc").click()
    expect(place).to_have_text(str(tiny_idc), timeout=WAIT)
    dialog.get_by_role("button", name="Use this folder").click()
    page.get_by_role("button", name="Audit again").wait_for(timeout=WAIT)
    expect(dialog).to_have_count(0)
    expect(page.locator(".lobule-file")).to_contain_text("140 images")
    expect(page.get_by_role("textbox", name="Folder or manifest")).to_have_value(str(tiny_idc))


@pytest.fixture(scope="module")
def forged(phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up dataset; folder, classes, patients are called by HTML, SQL and formulas."""
    folder = tmp_path_factory.mktemp("forged") / HOSTILE.replace("/", "")
    shutil.copytree(phantoms, folder)
    table = pd.read_csv(folder / "manifest.csv", dtype=str)
    name = "P01/<b onmouseover=alert(1)>.png"
    (folder / table["path"][0]).rename(folder / name)
    table.loc[0, "path"] = name
    table["label"] = table["label"].replace({"dense": HOSTILE, "normal": "[b](javascript:x)"})
    table["patient"] = table["patient"].replace({"P01": FORMULA, "P02": HOSTILE})
    table.to_csv(folder / "manifest.csv", index=False)
    return folder


def harmless(page: Page) -> None:
    """Nothing of a name has become a part of the page."""
    expect(page.locator("img[src=x], b[onmouseover]")).to_have_count(0)
    expect(page.locator("a[href*='x.test'], a[href*='javascript:'], a[href='b']")).to_have_count(0)
    expect(page.locator("[data-testid=stMain] .katex")).to_have_count(0)
    expect(page.get_by_text("Traceback")).to_have_count(0)


@pytest.mark.exhaustive
def test_names_are_text_in_every_view_and_on_other_pages(
    visit: Callable[..., Page], app_server: "AppServer", forged: Path
) -> None:
    page = visit()
    give(page, forged / "manifest.csv")
    name_positive(page, HOSTILE)
    page.get_by_role("button", name="Audit again").wait_for(timeout=WAIT)
    for view in VIEWS:
        show(page, view)
        settled(page)
        harmless(page)
    show(page, "Patients")
    expect(page.get_by_text(FORMULA).first).to_be_visible()
    expect(page.get_by_text(HOSTILE).first).to_be_visible()
    show(page, "Overview")
    open_account(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="All records, CSV").click()
    table = pd.read_csv(Path(waiting.value.path()), dtype=str)
    cells = table.fillna("").to_numpy().ravel()
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    assert f"'{FORMULA}" in set(table["patient"])
    for address in ("training", "performance"):
        page.goto(f"{app_server.url}/{address}")
        if address == "performance":
            page.get_by_text("A dataset of mine").click(timeout=WAIT)
        give(page, forged / "manifest.csv")
        settled(page)
        harmless(page)


@pytest.mark.exhaustive
def test_a_long_audit_is_watched_and_stopped(visit: Callable[..., Page], tmp_path: Path) -> None:
    folder = tmp_path / "many"
    picture = tmp_path / "noise.png"
    Image.effect_noise((700, 700), 80).convert("RGB").save(picture)
    for number in range(800):
        place = folder / ("benign", "malignant")[number % 2] / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.hardlink_to(picture)
    page = visit()
    give(page, folder)
    expect(page.get_by_text("Reading images").first).to_contain_text("%", timeout=WAIT)
    show(page, "Samples")  # it can be looked around in meanwhile
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Audit stopped")).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("patients unknown")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Reading images").first).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Audit stopped")).to_be_visible(timeout=WAIT)


def test_where_others_come_the_page_stays_in_the_data_roots(
    chromium: Browser, tmp_path: Path, tiny_idc: Path
) -> None:
    (tiny_idc / "deeper").mkdir()
    roots = {"LOBULE_SERVE_WITHOUT_SIGN_IN": "1", "LOBULE_DATA_ROOTS": str(tiny_idc)}
    with serving(tmp_path, free_port(), address="0.0.0.0", **roots) as server:  # noqa: S104
        page = chromium.new_page()
        page.goto(f"{server.url}/datasets")
        for place in ("/etc", "/nowhere", str(tiny_idc.parent), f"{tiny_idc}/../x", "~root"):
            give(page, place)
            refusal = page.get_by_text("outside the folders that data are read from")
            expect(refusal).to_be_visible(timeout=60_000)
            expect(refusal).to_contain_text("LOBULE_DATA_ROOTS")
        page.get_by_role("button", name="Pick a folder").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("combobox").click()
        page.get_by_role("option", name=str(tiny_idc)).click()
        up = dialog.get_by_role("button", name="Up one folder")
        expect(up).to_be_visible()
        dialog.get_by_role("combobox").click()
        page.get_by_role("option", name="deeper").click()
        expect(dialog.get_by_text(str(tiny_idc / "deeper"))).to_be_visible()
        up.click()
        expect(dialog.get_by_text(str(tiny_idc / "deeper"))).to_have_count(0)
        up.click()
        expect(up).to_have_count(0)
        dialog.get_by_role("combobox").click()
        expect(page.get_by_role("option")).to_have_text([str(tiny_idc)])
        page.close()
