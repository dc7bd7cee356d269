"""The Performance page in a real browser, with the models that ship."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from core.evaluation.judge import main_values
from core.evaluation.predictions_file import read_predictions
from core.evaluation.worst_errors import worst_errors
from core.registry.package import PREDICTIONS_FILE, load_package
from tests.browser.settled import open_account, settled
from tests.browser.watched import watched
from tests.browser.windows import WINDOWS

if TYPE_CHECKING:
    from tests.browser.conftest import AppServer

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path.name for path in (ROOT / "models").iterdir() if path.is_dir())
WAIT = 300_000  # ms; intervals take seconds, the first heatmap loads TensorFlow

pytestmark = pytest.mark.slow


@pytest.fixture
def page(chromium: Browser, app_server: "AppServer") -> Iterator[Page]:
    """The Performance page; fails if a script on it fails."""
    with watched(chromium, f"{app_server.url}/performance", WAIT) as tab:
        ready(tab)
        yield tab


def ready(page: Page) -> None:
    """Wait until the figures are there."""
    expect(page.get_by_role("radio", name="Overview")).to_be_visible(timeout=WAIT)
    settled(page)


def view(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()
    settled(page)


def views(page: Page) -> list[str]:
    """Names of the views that are offered."""
    offered = page.get_by_role("radiogroup", name="View").get_by_role("radio")
    return [each.inner_text() for each in offered.all()]


def choose(page: Page, title: str) -> None:
    """Choose a model."""
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=title).click()
    expect(page.locator(".lobule-judged b")).to_have_text(title)
    settled(page)


def give_folder(page: Page, folder: Path) -> None:
    field = page.get_by_role("textbox", name="Folder or manifest")
    field.fill(str(folder))
    field.press("Enter")


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", SHIPPED)
def test_every_view_of_a_shipped_model(page: Page, name: str) -> None:
    package = load_package(ROOT / "models" / name)
    card = package.card
    # The card may be of before, and have another estimand first.
    predictions = read_predictions(package.path / PREDICTIONS_FILE, card.classes)
    auroc = main_values(predictions)["auroc"]
    choose(page, card.title)
    expect(page.locator(".lobule-table td").first).to_contain_text(f"{auroc:.3f}")
    expect(page.locator(".lobule-table").first).to_contain_text("Colour alone")
    for title in views(page):
        view(page, title)
        if title == "Overview":
            seen_at_once(page)
        expect(page.get_by_role("alert").filter(has_text="✕")).to_have_count(0)
        expect(page.get_by_text("Traceback")).to_have_count(0)
        charts = page.locator(".js-plotly-plot")
        if title not in {"Figures", "Worst errors"}:
            expect(charts.first).to_be_visible()
        expect(page.locator(".lobule-quiet")).to_have_count(0)
        open_account(page)
        # Each chart's numbers can be had.
        keys = page.locator("[class*=st-key-numbers-] button")
        assert keys.count() >= charts.count()


def seen_at_once(page: Page) -> None:
    """ROC curve, matrix and table stand beside each other, without scrolling."""
    page.set_viewport_size({"width": 1440, "height": 960})
    settled(page)
    charts, numbers = page.locator(".js-plotly-plot"), page.locator(".lobule-table")
    expect(charts).to_have_count(2)
    places = [part.bounding_box() for part in (charts.first, charts.last, numbers)]
    assert all(place and place["y"] + place["height"] <= 960 for place in places)
    roc, matrix, table = places
    assert roc
    assert matrix
    assert table
    # Beside each other: what is right begins where what is left ends.
    assert roc["x"] + roc["width"] <= matrix["x"]
    assert matrix["x"] + matrix["width"] <= table["x"]
    expect(page.locator(".lobule-numbers dd").last).to_be_in_viewport(ratio=1)


def test_the_point_moves_by_keyboard_and_the_matrix_follows(page: Page) -> None:
    point = load_package(ROOT / "models" / "idc").card.operating_point
    assert point
    view(page, "Decision threshold")
    matrix = page.locator(".js-plotly-plot").last
    before = matrix.inner_text()
    page.get_by_role("slider", name="Decision threshold").focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    moved = f"Confusion matrix at {round(point.threshold, 3) + 0.02:.3f}"
    expect(page.get_by_role("heading", name=moved)).to_be_visible()
    settled(page)
    assert matrix.inner_text() != before


@pytest.mark.exhaustive
def test_numbers_are_downloaded(page: Page) -> None:
    view(page, "Patients")
    open_account(page)
    with page.expect_download() as waiting:
        page.locator(".st-key-numbers-patients").get_by_role("button").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    header, *rows = text.splitlines()
    assert header.startswith("patient,label,images,right,score")
    assert len({row.split(",")[0] for row in rows}) == 212
    with page.expect_download() as waiting:
        page.get_by_role("button", name="All predictions, CSV").click()
    table = ROOT / "models" / "idc" / "predictions.csv"
    assert Path(waiting.value.path()).read_bytes() == table.read_bytes()


@pytest.mark.exhaustive
def test_from_a_worst_error_to_its_diagnosis(
    page: Page, app_server: "AppServer", some_idc: Path
) -> None:
    # Whatever earlier tests have opened.
    (app_server.home / "recent.json").unlink(missing_ok=True)
    view(page, "Worst errors")
    expect(page.get_by_text("To see the images, give the folder of IDC")).to_be_visible()
    table = ROOT / "models" / "idc" / "predictions.csv"
    first = worst_errors(read_predictions(table, ("no IDC", "IDC"), "IDC"))["image"][:8]
    at_hand = sum((some_idc / name).is_file() for name in first)
    assert at_hand  # of the patches that `idc` was judged on, the shared folder has a part
    give_folder(page, some_idc)
    pictures = page.locator(".lobule-shot img")
    expect(pictures).to_have_count(at_hand, timeout=WAIT)
    # From now on they are found unasked.
    page.reload()
    ready(page)
    view(page, "Worst errors")
    expect(pictures).to_have_count(at_hand, timeout=WAIT)
    expect(page.get_by_role("textbox", name="Folder or manifest")).to_have_count(0)
    named = pictures.first.get_attribute("alt")
    page.get_by_role("button", name="Diagnose", exact=True).first.click()
    expect(page.locator(".lobule-file").first).to_contain_text(str(named))
    expect(page.locator(".st-key-pair .heatmaplayer image")).to_have_count(1, timeout=WAIT)
    page.get_by_role("button", name="Clear all (1 image)").click()
    page.locator(".st-key-desk_clear button").click()
    expect(page.get_by_text("Drop a picture of breast tissue")).to_be_visible()


@pytest.mark.exhaustive
def test_a_dataset_is_evaluated_in_the_background(page: Page, tiny_idc: Path) -> None:
    page.get_by_text("A dataset of mine").click()
    give_folder(page, tiny_idc)
    page.get_by_role("button", name="Evaluate").click()
    expect(page.get_by_role("progressbar").first).to_be_visible()
    ready(page)
    expect(page.get_by_text("140 images of 8 patients")).to_be_visible()
    view(page, "Worst errors")
    expect(page.get_by_text(re.compile(r"of 140 images miscalled"))).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
@pytest.mark.exhaustive
def test_it_fits_the_window(
    chromium: Browser, app_server: "AppServer", width: int, scheme: str
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 960}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{app_server.url}/performance")
    ready(page)
    for title in ("Overview", "Figures", "Decision threshold", "Robustness", "Patients"):
        view(page, title)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        for chart in page.locator(".js-plotly-plot").all():
            place = chart.bounding_box()
            assert place
            assert place["x"] + place["width"] <= width
    page.close()
