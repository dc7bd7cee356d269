"""Nothing jumps while a page loads or a case is answered, and the style is there from the start.

Measured as Google's Web Vitals do: cumulative layout shift, of which at most 0.1 is "good"
(https://web.dev/articles/cls). What follows a click or key within half a second does not count.
"""

import statistics
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from core.imaging.overlay import encode_png
from core.imaging.phantom import render_phantom
from tests.browser.settled import settled
from tests.browser.test_serving import PAGES

if TYPE_CHECKING:
    from tests.browser.conftest import AppServer

GOOD = 0.1
LOADS = 3
ANSWER = 300_000  # ms
WATCH = """
window.lobuleShift = 0;
window.lobuleMoved = [];
new PerformanceObserver(found => found.getEntries().forEach(one => {
  if (one.hadRecentInput) return;
  window.lobuleShift += one.value;
  one.sources.forEach(({node, previousRect, currentRect}) => window.lobuleMoved.push(
    `${one.value.toFixed(3)} ${(node?.textContent || node?.nodeName || "").slice(0, 60)}: ` +
    `${previousRect.y | 0}+${previousRect.height | 0} to ` +
    `${currentRect.y | 0}+${currentRect.height | 0}`));
})).observe({type: "layout-shift", buffered: true});
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def page(chromium: Browser, width: int) -> Iterator[Page]:
    """A new window of some width, whose shifts are summed up."""
    tab = chromium.new_page(viewport={"width": width, "height": 960})
    tab.add_init_script(WATCH)
    yield tab
    tab.close()


@pytest.mark.parametrize(
    ("width", "name"),
    [
        *((1440, name) for name in PAGES),
        # The pages whose parts stand below each other in a narrow window.
        *(
            pytest.param(900, name, marks=pytest.mark.exhaustive)
            for name in ("", "datasets", "performance")
        ),
    ],
)
def test_a_page_stands_still_while_it_loads(page: Page, app_server: "AppServer", name: str) -> None:
    shifts: list[float] = []
    # On a busy machine a part may come late: then of three loads two must stand still.
    while not shifts or (max(shifts) > GOOD and len(shifts) < LOADS):
        page.goto(f"{app_server.url}/{name}")
        expect(page.locator(".lobule-drawn").first).to_be_attached(timeout=ANSWER)
        settled(page)
        shifts.append(page.evaluate("window.lobuleShift"))
    assert statistics.median(shifts) <= GOOD, shifts


@pytest.mark.parametrize("width", [1440, pytest.param(900, marks=pytest.mark.exhaustive)])
def test_a_case_stands_still_while_it_is_answered(page: Page, app_server: "AppServer") -> None:
    shifts: list[float] = []
    moved: list[str] = []
    while not shifts or (max(shifts) > GOOD and len(shifts) < LOADS):
        page.goto(app_server.url)
        expect(page.locator(".lobule-drawn").first).to_be_attached(timeout=ANSWER)
        expect(page.get_by_text("The model is loaded.")).to_be_visible(timeout=ANSWER)
        settled(page)
        page.evaluate("window.lobuleShift = 0; window.lobuleMoved = []")
        page.locator("input[type=file]").set_input_files(
            [
                {
                    "name": f"phantom {seed}.png",
                    "mimeType": "image/png",
                    "buffer": encode_png(render_phantom(seed, 150, 200).pixels),
                }
                for seed in range(3)
            ],
            timeout=60_000,
        )
        expect(page.get_by_role("button", name="Save as case")).to_be_enabled(timeout=ANSWER)
        settled(page)
        shifts.append(page.evaluate("window.lobuleShift"))
        moved += page.evaluate("window.lobuleMoved")
    assert statistics.median(shifts) <= GOOD, (shifts, "\n".join(moved))


def test_nothing_is_seen_before_it_has_its_style(
    chromium: Browser, app_server: "AppServer"
) -> None:
    page = chromium.new_page()
    page.route("**/static/js/Html.*", lambda route: route.abort())  # what draws the last of it
    page.goto(app_server.url, wait_until="domcontentloaded")
    expect(page.locator("body")).to_have_css("margin", "0px")
    loading = "getComputedStyle(document.body, '::before').content"
    assert page.evaluate(loading) == '"Lobule is loading …"'
    expect(page.locator("#root")).to_have_css("visibility", "hidden")
    caption = page.get_by_test_id("stCaptionContainer").first
    caption.wait_for(state="attached", timeout=ANSWER)
    expect(caption).to_have_css("visibility", "hidden")
    expect(page.locator("#root")).to_have_css("visibility", "visible", timeout=20_000)
    page.close()
